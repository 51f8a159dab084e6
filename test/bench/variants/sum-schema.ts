import type { Client } from 'pg';

/** The schema of the design without stored balances. */
export const SUM_SCHEMA = 'bench_sum';

/** The table of a ledger that computes balances by summing entries, with its two indexes. */
export const sumSchema = `
  CREATE SCHEMA ${SUM_SCHEMA};
  CREATE TABLE ${SUM_SCHEMA}.ledger (
    id uuid PRIMARY KEY,
    user_id text NOT NULL,
    type text NOT NULL,
    amount_in_cents bigint NOT NULL,
    item_id text,
    created_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX idx_ledger_user_id ON ${SUM_SCHEMA}.ledger (user_id);
  CREATE INDEX idx_ledger_user_id_type ON ${SUM_SCHEMA}.ledger (user_id, type)`;

/** Describes what is wrong with the table: missing rows, surplus rows, negative balances. */
export async function checkSum(admin: Client, rows: number): Promise<string[]> {
  const found = await admin.query<{ count: string; below: string }>(
    `SELECT (SELECT count(*) FROM ${SUM_SCHEMA}.ledger) AS count,
            (SELECT count(*) FROM (SELECT 1 FROM ${SUM_SCHEMA}.ledger GROUP BY user_id HAVING sum(amount_in_cents) < 0) s)
              AS below`,
  );
  const [row] = found.rows;
  const faults: string[] = [];
  if (row?.count !== rows.toString()) faults.push(`${SUM_SCHEMA}: ${row?.count} rows, ${rows} expected`);
  if (row?.below !== '0') faults.push(`${SUM_SCHEMA}: ${row?.below} balances below zero`);
  return faults;
}
