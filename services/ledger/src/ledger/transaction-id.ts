/** Random bytes that one id takes. */
export const ID_RANDOM_BYTES = 6;

/**
 * A UUIDv7 (RFC 9562) of a given time: 48 bits of milliseconds, 12 bits of the fraction of a millisecond (its
 * method 3), 14 bits of `counter`, which orders the ids of one batch, 48 random bits. Given its time and its
 * randomness because the ledger core reads neither.
 *
 * @param timeMicros microseconds since 1970
 * @param counter position within the batch, below 16,384
 * @param random ID_RANDOM_BYTES bytes in hexadecimal digits
 */
export function transactionIdAt(timeMicros: bigint, counter: number, random: string): string {
  return `${textOfTime(timeMicros)}-${hex(0x8000 | (counter & 0x3fff), 4)}-${random}`;
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
  const real = transactionIdAt(timeMicros, 0, '00'.repeat(ID_RANDOM_BYTES));
  return `${real.slice(0, 19)}0000-000000000000`;
}
