import { Client } from 'pg';
import { schemaOfUser } from './cell-schemas';
import type { TestDatabase } from './test-database';
import { waitUntil } from './wait-until';

/** The lock of an account's row, held from outside: a batch that needs the account waits in the middle of its work. */
export interface AccountLock {
  /** Resolves when so many batches wait for it. */
  untilBlocked(batches?: number): Promise<void>;
  /** Whether a batch waits for it. */
  isBlocked(): Promise<boolean>;
  /** Lets the batches go on. May be called again. */
  release(): Promise<void>;
}

/** Locks the row of an account that exists. */
export async function lockAccount(
  database: TestDatabase,
  userId: string,
  asset: string,
): Promise<AccountLock> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('BEGIN');
  const schema = await schemaOfUser(database, userId);
  const { rowCount } = await client.query(
    `SELECT FROM ${schema}.accounts WHERE user_id = $1 AND asset = $2 FOR UPDATE`,
    [userId, asset],
  );
  if (rowCount !== 1) throw new Error(`there is no account ${userId} ${asset} to lock`);
  let ended: Promise<void> | undefined;
  return {
    untilBlocked: (batches = 1) => untilBlocked(database, batches),
    isBlocked: async () => (await blockedBatches(database)) > 0,
    release: () => (ended ??= client.end()),
  };
}

/** Resolves when so many batches wait for a lock of whatever kind. */
export async function untilBlocked(database: TestDatabase, batches: number): Promise<void> {
  await waitUntil(
    `${batches} batches wait for a lock`,
    async () => (await blockedBatches(database)) === batches,
  );
}

async function blockedBatches(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ blocked: number }>(
    `SELECT count(*)::int AS blocked FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'ledger-writer' AND wait_event_type = 'Lock'`,
  );
  return row?.blocked ?? 0;
}
