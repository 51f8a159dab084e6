import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

/** The `Timestamp` of a `Date`, for a request. */
export function toTimestamp(date: Date): Timestamp {
  const seconds = Math.floor(date.getTime() / MS_PER_SECOND);
  return { seconds: BigInt(seconds), nanos: (date.getTime() - seconds * MS_PER_SECOND) * NANOS_PER_MS };
}

/** The `Date` of a `Timestamp`. The ledger counts microseconds; a `Date` cuts them to milliseconds. */
export function toDate(timestamp: Timestamp): Date {
  return new Date(Number(timestamp.seconds) * MS_PER_SECOND + Math.floor(timestamp.nanos / NANOS_PER_MS));
}
