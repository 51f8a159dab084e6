import { microsOf } from './pg/connection';

/**
 * SQL for a timestamptz column as microseconds since 1970, null where it is no time that the ledger ever writes:
 * outside of the years 1 to 9999, or infinite. For the verifier, which must not stop at a value that somebody put
 * there to make it stop.
 */
export function soundMicrosOf(column: string): string {
  return `CASE WHEN ${column} >= '0001-01-01 00:00:00+00' AND ${column} < '10000-01-01 00:00:00+00'
               THEN ${microsOf(column)} END`;
}
