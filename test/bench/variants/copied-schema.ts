import type { Client } from 'pg';

/** Where the plain design has its tables. */
export const PER_REQUEST_SCHEMA = 'bench_per_request';

const TABLES = ['accounts', 'requests', 'transactions', 'entries'];

/**
 * Makes a schema with tables like those of the ledger, column by column and index by index, and the same rows in
 * them: what is compared begins at the same size. Triggers are left out, an advantage for the copy.
 *
 * @returns how many requests that succeeded were copied
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
 * What is wrong with such a copy, in words: rows are missing or too many, or sums are wrong.
 *
 * @param requests how many that succeeded must be in it: those that were copied, and every purchase that was answered since
 */
export async function checkCopy(admin: Client, schema: string, requests: number): Promise<string[]> {
  const { rows } = await admin.query<{ fact: string; expected: string; found: string }>(
    `WITH entry_sums AS (
       SELECT user_id, asset, sum(change) AS balance, count(*) AS entries, max(sequence) AS sequence
         FROM ${schema}.entries WHERE user_id NOT LIKE '@%' GROUP BY user_id, asset)
     SELECT 'finished requests' AS fact, $1::text AS expected, count(*)::text AS found
       FROM ${schema}.requests WHERE code = 0
     UNION ALL SELECT 'transactions', $1, count(*)::text FROM ${schema}.transactions
     UNION ALL SELECT 'entries', (2 * $1::bigint)::text, count(*)::text FROM ${schema}.entries
     UNION ALL SELECT 'sum of all entries', '0', coalesce(sum(change), 0)::text FROM ${schema}.entries
     UNION ALL SELECT 'accounts that differ from their entries', '0', count(*)::text
                 FROM ${schema}.accounts a FULL JOIN entry_sums s USING (user_id, asset)
                WHERE (a.user_id IS NULL OR a.user_id NOT LIKE '@%')
                  AND (a.balance, a.sequence, a.sequence) IS DISTINCT FROM (s.balance, s.entries, s.sequence)
     UNION ALL SELECT 'transactions without their request', '0', count(*)::text
                 FROM ${schema}.transactions t LEFT JOIN ${schema}.requests r
                   ON r.user_id = t.user_id AND r.request_id = t.request_id AND r.transaction_id = t.transaction_id
                WHERE r.user_id IS NULL`,
    [requests.toString()],
  );
  return rows
    .filter(({ expected, found }) => expected !== found)
    .map(({ fact, expected, found }) => `${schema}: ${found} ${fact}, ${expected} expected`);
}
