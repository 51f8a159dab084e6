import type { Client } from 'pg';
import { waitUntil } from '../harness/wait-until';

/**
 * Counts the Postgres buffers that statements on a schema touch during some work, whether found in the cache or read.
 * The source is pg_stat_statements, which counts for all connections.
 *
 * @param schema name with its dot, as it appears in the statements
 */
export async function countBuffers(
  admin: Client,
  schema: string,
  work: () => Promise<unknown>,
): Promise<number> {
  await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await countStatements(admin, 'top');
  try {
    await admin.query('SELECT pg_stat_statements_reset()');
    await work();
    const { rows } = await admin.query<{ buffers: string }>(
      `SELECT coalesce(sum(shared_blks_hit + shared_blks_read), 0) AS buffers
         FROM pg_stat_statements WHERE position($1 IN query) > 0 AND query NOT LIKE '%pg_stat_statements%'`,
      [schema],
    );
    const buffers = Number(rows[0]?.buffers ?? 0);
    if (buffers === 0) throw new Error(`no statement on ${schema} was counted`);
    return buffers;
  } finally {
    await countStatements(admin, 'none');
  }
}

/** Switches the counting of statements on ('top') or off ('none'), and waits until it is in effect. */
export async function countStatements(admin: Client, what: 'top' | 'none'): Promise<void> {
  await admin.query(`ALTER SYSTEM SET pg_stat_statements.track = '${what}'`);
  await admin.query('SELECT pg_reload_conf()');
  await waitUntil(`pg_stat_statements.track is ${what}`, async () => {
    const { rows } = await admin.query<Record<string, string>>('SHOW pg_stat_statements.track');
    return rows[0]?.['pg_stat_statements.track'] === what;
  });
}
