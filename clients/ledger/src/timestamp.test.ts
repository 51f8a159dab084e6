import { toDate, toTimestamp } from './timestamp';

it.each(['1970-01-01T00:00:00.000Z', '2025-11-20T18:27:00.123Z', '1969-12-31T23:59:59.999Z'])(
  'keeps %s on its way there and back',
  (text) => {
    const timestamp = toTimestamp(new Date(text));
    expect(timestamp.nanos).toBeGreaterThanOrEqual(0);
    expect(toDate(timestamp).toISOString()).toBe(text);
  },
);

it('counts seconds and nanoseconds', () => {
  expect(toTimestamp(new Date(1_500))).toEqual({ seconds: 1n, nanos: 500_000_000 });
});

it('cuts microseconds', () => {
  expect(toDate({ seconds: 1n, nanos: 999_999_000 }).getTime()).toBe(1_999);
});
