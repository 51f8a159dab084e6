import { migrate } from '../../services/ledger/src/store/migrate';
import { createEmptyDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer } from '../harness/test-server';

const CELLS = ['ledger', 'ledger_1', 'ledger_2'];

/** The tables that cell 0 has beside those of every cell. */
const OF_THE_LEDGER = ['buckets', 'cells', 'migrations', 'server_keys'];

let database: TestDatabase;

beforeEach(async () => {
  database = await createEmptyDatabase();
  await migrate({ url: database.url, migrationUrl: database.url, cells: CELLS.length });
});
afterEach(() => database.drop());

it('every cell has the same tables, conditions, indexes, triggers and rights', async () => {
  const [first, ...others] = await Promise.all(CELLS.map(catalogOf));
  expect(first!.length).toBeGreaterThan(100);
  for (const other of others) expect(other).toEqual(first);
});

it('the buckets are divided evenly among the cells', async () => {
  const rows = await database.query<{ cell: number; count: string }>(
    'SELECT cell, count(*) FROM ledger.buckets GROUP BY cell ORDER BY cell',
  );
  expect(rows).toEqual([
    { cell: 0, count: '342' },
    { cell: 1, count: '341' },
    { cell: 2, count: '341' },
  ]);
});

it('a ledger that is there keeps its cells, whatever is asked for', async () => {
  expect(await migrate({ url: database.url, migrationUrl: database.url, cells: 5 })).toEqual([]);
  expect(await database.query('SELECT cell FROM ledger.cells ORDER BY cell')).toEqual(
    CELLS.map((_, cell) => ({ cell })),
  );
});

describe('a server does not start', () => {
  it.each([
    ['a trigger is off', 'ALTER TABLE ledger_2.holds DISABLE TRIGGER holds_refuse_rewriting', 'holds_refuse'],
    ['an index is gone', 'DROP INDEX ledger_1.entries_time_index', 'of ledger_1 are missing'],
    ['the role may delete', 'GRANT DELETE ON ledger_2.entries TO ledger_runtime', 'IN SCHEMA ledger_2'],
    ['the schema is gone', 'DROP SCHEMA ledger_1 CASCADE', 'schema of a cell'],
  ])('when %s in another cell, and says so', async (_when, sql, said) => {
    await database.query(sql);
    await expect(startTestServer(database.url)).rejects.toMatchObject({
      name: 'SchemaError',
      message: expect.stringContaining(said),
    });
  });
});

/** All that a cell consists of, one line each, without the name of its schema. */
async function catalogOf(schema: string): Promise<string[]> {
  const rows = await database.query<{ line: string }>(
    `SELECT replace(line, '${schema}.', '') AS line FROM (
       SELECT format('%s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) AS line
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
        WHERE c.relkind = 'r' AND c.relnamespace = $1::text::regnamespace AND c.relname <> ALL ($2)
       UNION ALL
       SELECT format('%s %s %s', c.relname, c.reloptions, c.relacl)
         FROM pg_class c
        WHERE c.relkind = 'r' AND c.relnamespace = $1::text::regnamespace AND c.relname <> ALL ($2)
       UNION ALL
       SELECT format('%s %s %s', a.attname, c.relname, a.attacl)
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
        WHERE c.relnamespace = $1::text::regnamespace
       UNION ALL
       SELECT format('%s %s %s', c.relname, n.conname, pg_get_constraintdef(n.oid))
         FROM pg_class c JOIN pg_constraint n ON n.conrelid = c.oid
        WHERE c.relnamespace = $1::text::regnamespace AND c.relname <> ALL ($2)
       UNION ALL
       SELECT i.indexdef FROM pg_indexes i WHERE i.schemaname = $1::text AND i.tablename <> ALL ($2)
       UNION ALL
       SELECT format('%s %s', pg_get_triggerdef(t.oid), t.tgenabled)
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = $1::text::regnamespace
     ) lines ORDER BY 1`,
    [schema, OF_THE_LEDGER],
  );
  return rows.map(({ line }) => line);
}
