import { cellSchemas } from './cell-schemas';
import type { OpenDatabase } from './test-database';
import { waitUntil } from './wait-until';

/** A time as the contract carries it. */
export interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A time so far ahead of the database's clock, which decides what has expired. */
export async function databaseTimeIn(database: OpenDatabase, milliseconds: number): Promise<Moment> {
  return momentOf((await databaseMicros(database)) + BigInt(milliseconds) * 1_000n);
}

/** A time so much after another. */
export function later(moment: Moment, milliseconds: number): Moment {
  return momentOf(microsOf(moment) + BigInt(milliseconds) * 1_000n);
}

/**
 * Lets time pass for the holds, as if the database's clock had been moved on: every expiry comes nearer by so much, on
 * the holds and on their accounts. No write may run meanwhile.
 */
export async function letTimePass(database: OpenDatabase, milliseconds: number): Promise<void> {
  for (const schema of await cellSchemas(database)) {
    await database.query(
      `WITH time AS (SELECT $1::bigint * interval '1 millisecond' AS passed),
            moved AS (UPDATE ${schema}.holds SET expire_time = expire_time - passed FROM time
                       WHERE expire_time IS NOT NULL AND state = 1)
       UPDATE ${schema}.accounts SET next_hold_expiry = next_hold_expiry - passed FROM time
        WHERE next_hold_expiry IS NOT NULL`,
      [milliseconds],
    );
  }
}

/** How many whole milliseconds the database's clock is short of a time; negative when the time has passed. */
export async function millisecondsUntil(database: OpenDatabase, moment: Moment): Promise<number> {
  return Number((microsOf(moment) - (await databaseMicros(database))) / 1_000n);
}

/** Resolves once the database's clock has passed a time. */
export async function untilPassed(database: OpenDatabase, moment: Moment): Promise<void> {
  await waitUntil(
    'the clock passes the time',
    async () => (await databaseMicros(database)) > microsOf(moment),
  );
}

/** A time in microseconds since 1970, as the database keeps it. */
export function microsOf({ seconds, nanos }: Moment): bigint {
  return seconds * 1_000_000n + BigInt(Math.floor(nanos / 1_000));
}

function momentOf(micros: bigint): Moment {
  return { seconds: micros / 1_000_000n, nanos: Number(micros % 1_000_000n) * 1_000 };
}

async function databaseMicros(database: OpenDatabase): Promise<bigint> {
  const [row] = await database.query<{ micros: string }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text AS micros`,
  );
  return BigInt(row?.micros ?? '0');
}
