import { fitsInt64, INT64_MAX, INT64_MIN, isReversibleChange, saturated } from './money';

it('knows the ends of int64', () => {
  expect(INT64_MAX).toBe(9_223_372_036_854_775_807n);
  expect(INT64_MIN).toBe(-9_223_372_036_854_775_808n);
  // What the wire and bigint of Postgres hold, and no more.
  expect(BigInt.asIntN(64, INT64_MAX + 1n)).toBe(INT64_MIN);
});

it.each([0n, 1n, -1n, INT64_MAX, INT64_MIN])('takes %s', (amount) => {
  expect(fitsInt64(amount)).toBe(true);
});

it.each([INT64_MAX + 1n, INT64_MIN - 1n, 2n ** 64n, -(2n ** 64n), INT64_MAX * 1_000_000n])(
  'does not take %s',
  (amount) => {
    expect(fitsInt64(amount)).toBe(false);
  },
);

it.each([
  [INT64_MAX, true],
  [-INT64_MAX, true],
  [INT64_MIN, false],
  [INT64_MAX + 1n, false],
])('knows whether a change of %s can be taken back: %s', (change, expected) => {
  expect(isReversibleChange(change)).toBe(expected);
});

it.each([
  [0n, 0n],
  [INT64_MAX, INT64_MAX],
  [INT64_MAX + 1n, INT64_MAX],
  [INT64_MIN, INT64_MIN],
  [INT64_MIN - 1n, INT64_MIN],
])('says of %s that the nearest value of int64 is %s', (amount, nearest) => {
  expect(saturated(amount)).toBe(nearest);
});
