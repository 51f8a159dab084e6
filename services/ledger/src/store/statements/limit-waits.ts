import { query, type Connection } from '../pg/connection';

const limitWaitsStatement = {
  name: 'limit_waits',
  // Only ever shortened: the session's own limit may be the shorter one, and 0 is none.
  text: `
    SELECT set_config('lock_timeout', $1, true),
           set_config('statement_timeout', least($2::int, nullif(s.setting::int, 0))::text, true)
      FROM pg_catalog.pg_settings s WHERE s.name = 'statement_timeout'`,
};

/** Limits how long the statements of this transaction wait for locks, and how long they take in all. */
export async function limitWaits(
  connection: Connection,
  lockTimeoutMs: number,
  statementTimeoutMs: number,
): Promise<void> {
  await query(connection, limitWaitsStatement, [lockTimeoutMs.toString(), statementTimeoutMs.toString()]);
}
