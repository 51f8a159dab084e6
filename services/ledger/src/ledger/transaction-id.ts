import { BUCKETS } from './bucket';

/** Random hexadecimal digits that one id takes. */
export const ID_RANDOM_DIGITS = 9;

/** How many digits say the bucket. Ten of their twelve bits do; the first two are 0. */
const BUCKET_DIGITS = 3;

/**
 * A UUIDv7 (RFC 9562) of a given time: 48 bits of milliseconds, 12 bits of the fraction of a millisecond (its
 * method 3), 14 bits of `counter`, which orders the ids of one batch, 12 bits of the owner's bucket, so that an id alone
 * tells where its row lies, 36 random bits. Given its time and its randomness because the ledger core reads neither.
 *
 * @param timeMicros microseconds since 1970
 * @param counter position within the batch, below 16,384
 * @param bucket that of the owner, see bucketOf
 * @param random ID_RANDOM_DIGITS hexadecimal digits
 */
export function transactionIdAt(timeMicros: bigint, counter: number, bucket: number, random: string): string {
  return `${textOfTime(timeMicros)}-${hex(0x8000 | (counter & 0x3fff), 4)}-${hex(bucket, BUCKET_DIGITS)}${random}`;
}

/**
 * The bucket that the id of a transaction or a hold names. Any UUID names one: whoever asks for an id that was never given
 * out finds nothing there.
 *
 * @param id in its lower-case form
 */
export function bucketOfId(id: string): number {
  return Number.parseInt(id.slice(24, 24 + BUCKET_DIGITS), 16) & (BUCKETS - 1);
}

/** The time of the last id and its digits: nearly all ids of a batch are of one moment. */
let last = { timeMicros: -1n, text: '' };

function textOfTime(timeMicros: bigint): string {
  if (timeMicros === last.timeMicros) return last.text;
  const micros = Number(timeMicros);
  const time = hex(Math.floor(micros / 1000), 12);
  const fraction = Math.floor(((micros % 1000) * 4096) / 1000);
  const text = `${time.slice(0, 8)}-${time.slice(8)}-7${hex(fraction, 3)}`;
  last = { timeMicros, text };
  return text;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}

/** Below and above every id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
export const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * An id that every id made for a time or later lies above, and every earlier one below. No id equals it: the variant
 * bits of a real one are set.
 *
 * @param timeMicros microseconds since 1970
 */
export function idBoundary(timeMicros: bigint): string {
  if (timeMicros <= 0n) return FIRST_ID;
  return `${textOfTime(timeMicros)}-0000-000000000000`;
}
