import type { OpenDatabase } from './test-database';
import { waitUntil } from './wait-until';

/** A moment as the contract carries it. */
export interface Moment {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A moment so far ahead of the database's clock, which is the one that expiries go by. */
export async function databaseTimeIn(database: OpenDatabase, milliseconds: number): Promise<Moment> {
  const micros = (await databaseMicros(database)) + BigInt(milliseconds) * 1_000n;
  return { seconds: micros / 1_000_000n, nanos: Number(micros % 1_000_000n) * 1_000 };
}

/** Resolves once the database's clock has passed a moment. */
export async function untilPassed(database: OpenDatabase, moment: Moment): Promise<void> {
  const micros = moment.seconds * 1_000_000n + BigInt(moment.nanos / 1_000);
  await waitUntil('the clock passes the moment', async () => (await databaseMicros(database)) > micros);
}

async function databaseMicros(database: OpenDatabase): Promise<bigint> {
  const [row] = await database.query<{ micros: string }>(
    `SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text AS micros`,
  );
  return BigInt(row?.micros ?? '0');
}
