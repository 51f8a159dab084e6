import type { BatchWriteItem } from '@ledger/client';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer } from '../harness/test-server';
import { untilAlone } from '../harness/until-alone';
import { verify } from '../harness/verification';

const WRITES = 4_000;
const USERS = 500;
const TABLES = ['accounts', 'entries', 'holds', 'requests', 'item_versions'];
/** A few blocks differ by where rows lie: what plans do by chance differs by far more. */
const AS_MUCH = 1.2;

/** What Postgres counted in all tables of the ledger. */
interface Work {
  readonly rows: number;
  readonly blocks: number;
}

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const table of TABLES) {
    await database.query(`ALTER TABLE ledger.${table} SET (autovacuum_enabled = false)`);
  }
  await fill();
});
afterAll(() => database.drop());

it('costs a ledger that was just loaded as much as one with statistics', async () => {
  expect(await statistics()).toBe(0);
  const without = await workOfVerification();
  await database.query('ANALYZE');
  expect(await statistics()).toBeGreaterThan(0);
  const withThem = await workOfVerification();
  expect(without.rows).toBeGreaterThan(WRITES);
  expect(without.rows).toBeLessThanOrEqual(withThem.rows * AS_MUCH);
  expect(without.blocks).toBeLessThanOrEqual(withThem.blocks * AS_MUCH);
});

async function fill(): Promise<void> {
  const server = await startTestServer(database.url);
  await server.client.putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 3n, active: true });
  const writes = Array.from({ length: WRITES }, (_, n) => ({ write: writeOf(n) }));
  const { results } = await server.client.batchWrite({ writes, omitBodies: true });
  expect(results.filter(({ outcome }) => outcome?.$case !== 'summary' || outcome.value.code !== 0)).toEqual(
    [],
  );
  await server.stop();
  await untilAlone(database);
}

function writeOf(n: number): BatchWriteItem['write'] {
  const write = { userId: `user-${n % USERS}`, requestId: `request-${n}` };
  if (n < USERS) return { $case: 'credit', value: { ...write, asset: 'GOLD', amount: 1_000n } };
  if (n % 10 === 0) return { $case: 'placeHold', value: { ...write, asset: 'GOLD', amount: 1n } };
  const item = { itemId: 'mug', quantity: 1n };
  return { $case: 'purchase', value: { ...write, subject: { $case: 'item', value: item } } };
}

async function workOfVerification(): Promise<Work> {
  const before = await work();
  const server = await startTestServer(database.url);
  expect((await verify(server.client)).report).toMatchObject({ valid: true });
  await server.stop();
  // A backend counts what it did before it goes.
  await untilAlone(database);
  const after = await work();
  return { rows: after.rows - before.rows, blocks: after.blocks - before.blocks };
}

async function work(): Promise<Work> {
  const [row] = await database.query<Record<keyof Work, number>>(`
    SELECT ((SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE schemaname = 'ledger')
          + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE schemaname = 'ledger'))::int AS rows,
           (SELECT sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)
              FROM pg_statio_user_tables WHERE schemaname = 'ledger')::int AS blocks`);
  if (row === undefined) throw new Error('Postgres counts');
  return row;
}

/** How many columns have statistics. */
async function statistics(): Promise<number> {
  const [row] = await database.query<{ columns: number }>(
    `SELECT count(*)::int AS columns FROM pg_stats WHERE schemaname = 'ledger' AND tablename = ANY ($1)`,
    [TABLES],
  );
  return row?.columns ?? -1;
}
