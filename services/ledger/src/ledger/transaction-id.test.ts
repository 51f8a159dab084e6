import * as fc from 'fast-check';
import { BUCKETS } from './bucket';
import { bucketOfId, ID_RANDOM_DIGITS, transactionIdAt } from './transaction-id';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** In the year 2255: up to there a double holds microseconds. */
const LAST_MICROS = BigInt(Number.MAX_SAFE_INTEGER);
const COUNTER_MAX = 16_383;

const time = fc.bigInt(0n, LAST_MICROS);
const counter = fc.nat(COUNTER_MAX);
const bucket = fc.nat(BUCKETS - 1);
const random = fc
  .nat(16 ** ID_RANDOM_DIGITS - 1)
  .map((number) => number.toString(16).padStart(ID_RANDOM_DIGITS, '0'));

it.each([
  [1_763_640_000_123_456n, '019aa122-be7b-774b-8005-2a1b0c0d0e0f'],
  [1_763_640_000_123_000n, '019aa122-be7b-7000-8005-2a1b0c0d0e0f'],
  [1_763_640_000_123_999n, '019aa122-be7b-7ffb-8005-2a1b0c0d0e0f'],
])('is what RFC 9562 makes of %s', (micros, id) => {
  expect(transactionIdAt(micros, 5, 0x2a1, 'b0c0d0e0f')).toBe(id);
});

it('is a UUID of version 7 at any time', () => {
  fc.assert(
    fc.property(time, counter, bucket, random, (micros, position, owner, digits) => {
      expect(transactionIdAt(micros, position, owner, digits)).toMatch(UUID_V7);
    }),
  );
});

it('gives its time back to the microsecond, its bucket, and its randomness', () => {
  fc.assert(
    fc.property(time, counter, bucket, random, (micros, position, owner, digits) => {
      const id = transactionIdAt(micros, position, owner, digits);
      const millis = BigInt(`0x${id.slice(0, 8)}${id.slice(9, 13)}`);
      const fraction = Number.parseInt(id.slice(15, 18), 16);
      expect(millis * 1000n + BigInt(Math.ceil((fraction * 1000) / 4096))).toBe(micros);
      expect(Number.parseInt(id.slice(19, 23), 16) & 0x3fff).toBe(position);
      expect(bucketOfId(id)).toBe(owner);
      expect(id.slice(27)).toBe(digits);
    }),
  );
});

it('sorts by time, and within one microsecond by its place in the batch', () => {
  const moment = fc.record({ micros: time, position: counter, owner: bucket, digits: random });
  fc.assert(
    fc.property(moment, moment, fc.boolean(), (a, other, together) => {
      const b = together ? { ...other, micros: a.micros } : other;
      const [first, second] = [a, b].map(({ micros, position, owner, digits }) =>
        transactionIdAt(micros, position, owner, digits),
      );
      const order = a.micros === b.micros ? a.position - b.position : a.micros < b.micros ? -1 : 1;
      if (order !== 0) expect(first! < second!).toBe(order < 0);
    }),
  );
});
