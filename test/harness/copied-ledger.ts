import { openDatabase, type OpenDatabase } from './test-database';

/** All tables in the order in which their rows may be written, with what a dump holds of them. */
async function tablesOf(database: OpenDatabase): Promise<string[]> {
  const rows = await database.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r' AND c.relname <> 'migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** Copies every row of a ledger into one whose tables are empty, as the restore of a dump does: as rows, without xids. */
export async function copyLedger(from: OpenDatabase, toUrl: string): Promise<void> {
  const to = openDatabase(toUrl);
  // The migrations write the rows of these themselves.
  await to.query('TRUNCATE ledger.cells, ledger.buckets');
  for (const table of await tablesOf(from)) {
    const [row] = await from.query<{ rows: string }>(
      `SELECT coalesce(json_agg(t), '[]')::text AS rows FROM ledger.${table} t`,
    );
    await to.query(
      `INSERT INTO ledger.${table} SELECT * FROM json_populate_recordset(NULL::ledger.${table}, $1::json)`,
      [row?.rows],
    );
  }
}
