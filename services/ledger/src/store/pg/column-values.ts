import { sortedMetadata, type Metadata } from '../../ledger/transaction';

/** 2000-01-01, from which Postgres counts, in microseconds since 1970. */
export const POSTGRES_EPOCH = 946_684_800_000_000n;

/** Microseconds since 1970 as a timestamptz literal. A Date would lose the microseconds. */
export function timestampText(micros: bigint): string {
  const millis = Number(micros >= 0n ? micros / 1000n : (micros - 999n) / 1000n);
  const rest = Number(micros - BigInt(millis) * 1000n);
  return `${new Date(millis).toISOString().slice(0, -1)}${rest.toString().padStart(3, '0')}Z`;
}

/** A time, or null for 0, which stands for never. */
export function timeOrNull(micros: bigint | null): bigint | null {
  return micros === 0n ? null : micros;
}

/** SQL for a timestamptz column as its eight bytes, at a fifth of the cost of the arithmetic of `microsOf`. */
export function binaryTimestamp(column: string): string {
  return `timestamptz_send(${column})`;
}

/** The value of a `binaryTimestamp` column, in microseconds since 1970. */
export function microsFromBinary(bytes: Buffer): bigint {
  return bytes.readBigInt64BE() + POSTGRES_EPOCH;
}

/** SQL for a timestamptz column as microseconds since 1970, exactly. */
export function microsOf(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000000)::bigint`;
}

/**
 * SQL for a timestamptz column as microseconds since 1970; null for a time that the ledger never writes: outside of
 * the years 1 to 9999, or infinite. For the verifier, which must not fail on a value that somebody put there to make
 * it fail.
 */
export function validMicrosOf(column: string): string {
  return `CASE WHEN ${column} >= '0001-01-01 00:00:00+00' AND ${column} < '10000-01-01 00:00:00+00'
               THEN ${microsOf(column)} END`;
}

/**
 * SQL for a numeric column as the text of a whole number; null for one that the ledger never writes: with decimal
 * places, beyond signed 128 bits, or none at all. For the verifier, as `validMicrosOf`.
 */
export function validWholeOf(column: string): string {
  return `CASE WHEN ${column} = trunc(${column}) AND ${column} BETWEEN -2::numeric ^ 127 AND 2::numeric ^ 127 - 1
               THEN trunc(${column})::text END`;
}

/** The value of a column of whole numbers, which pg gives as text. */
export function wholeOrNull(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}

/** Pairs as a JSON object. */
export function metadataJson(metadata: Metadata): string {
  return metadata.length === 0 ? '{}' : JSON.stringify(Object.fromEntries(metadata));
}

/** Pairs from a JSON object. */
export function metadataOf(json: Readonly<Record<string, string>>): Metadata {
  return sortedMetadata(new Map(Object.entries(json)));
}
