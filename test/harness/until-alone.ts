import type { TestDatabase } from './test-database';
import { waitUntil } from './wait-until';

/** Resolves when no other connection to the database is left, and fails when some stay. */
export async function untilAlone(database: TestDatabase): Promise<void> {
  let others: { name: string }[] = [];
  const isAlone = async (): Promise<boolean> => {
    others = await database.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    return others.length === 0;
  };
  await waitUntil('no other connection is left', isAlone).catch((cause: unknown) => {
    throw new Error(`still connected: ${others.map(({ name }) => name).join(', ')}`, { cause });
  });
}
