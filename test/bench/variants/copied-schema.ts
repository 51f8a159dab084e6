import type { Client } from 'pg';

/** The schema of the per-request design. */
export const PER_REQUEST_SCHEMA = 'bench_per_request';

const TABLES = ['accounts', 'requests', 'entries'];

/**
 * Creates a schema with copies of the ledger's tables, with the same columns, indexes and rows, so that the compared
 * variants begin at the same size. Triggers are left out, which is an advantage for the copy.
 *
 * @returns the number of copied requests that had succeeded
 */
export async function copySchema(admin: Client, schema: string): Promise<number> {
  await admin.query(`CREATE SCHEMA ${schema}`);
  for (const table of TABLES) {
    await admin.query(`CREATE TABLE ${schema}.${table} (LIKE ledger.${table} INCLUDING ALL)`);
    const { rows } = await admin.query<{ option: string }>(
      `SELECT unnest(reloptions) AS option FROM pg_class WHERE oid = 'ledger.${table}'::regclass`,
    );
    if (rows.length > 0) {
      await admin.query(
        `ALTER TABLE ${schema}.${table} SET (${rows.map(({ option }) => option).join(', ')})`,
      );
    }
    await admin.query(`INSERT INTO ${schema}.${table} SELECT * FROM ledger.${table}`);
    await admin.query(`VACUUM (ANALYZE) ${schema}.${table}`);
  }
  const { rows } = await admin.query<{ count: string }>(
    `SELECT count(*) FROM ${schema}.requests WHERE code = 0`,
  );
  return Number(rows[0]?.count ?? 0);
}

/**
 * Describes what is wrong with such a copy: missing rows, surplus rows, wrong sums.
 *
 * @param requests expected number of successful requests: those copied, and every purchase answered since
 */
export async function checkCopy(admin: Client, schema: string, requests: number): Promise<string[]> {
  const { rows } = await admin.query<{ fact: string; expected: string; found: string }>(
    `WITH entry_sums AS (
       SELECT user_id, asset, sum(change) AS balance, count(*) AS entries, max(sequence) AS sequence
         FROM ${schema}.entries WHERE user_id NOT LIKE '@%' GROUP BY user_id, asset)
     SELECT 'finished requests' AS fact, $1::text AS expected, count(*)::text AS found
       FROM ${schema}.requests WHERE code = 0
     UNION ALL SELECT 'transactions', $1, count(transaction_id)::text FROM ${schema}.requests
     UNION ALL SELECT 'entries', (2 * $1::bigint)::text, count(*)::text FROM ${schema}.entries
     UNION ALL SELECT 'sum of all entries', '0', coalesce(sum(change), 0)::text FROM ${schema}.entries
     UNION ALL SELECT 'accounts that differ from their entries', '0', count(*)::text
                 FROM ${schema}.accounts a FULL JOIN entry_sums s USING (user_id, asset)
                WHERE (a.user_id IS NULL OR a.user_id NOT LIKE '@%')
                  AND (a.balance, a.sequence, a.sequence) IS DISTINCT FROM (s.balance, s.entries, s.sequence)`,
    [requests.toString()],
  );
  return rows
    .filter(({ expected, found }) => expected !== found)
    .map(({ fact, expected, found }) => `${schema}: ${found} ${fact}, ${expected} expected`);
}
