import type { TestDatabase } from './test-database';

/** How long a backend may take to go after its client went. */
const LIMIT_MS = 10_000;

/** Resolves when no other connection to the database is left, and fails when some stay. */
export async function untilAlone(database: TestDatabase): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  for (;;) {
    const others = await database.query<{ name: string }>(
      `SELECT application_name AS name FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
    );
    if (others.length === 0) return;
    if (Date.now() > limit) throw new Error(`still connected: ${others.map(({ name }) => name).join(', ')}`);
  }
}
