import { withMigrationLock } from '@ledger/kit/postgres/migration-lock';
import { connectionOf } from '../../services/ledger/src/store/pg/connection';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { openStore } from '../harness/open-store';

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

it('asks Postgres for plans that do not depend on the values', async () => {
  expect(await planCacheMode()).toBe('force_generic_plan');
});

it('leaves the plans to Citus where it is installed', async () => {
  // A row of the catalog is all that sessions look for.
  await database.query(`
    SET allow_system_table_mods = on;
    INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
    SELECT 99999, 'citus', oid, 'pg_catalog'::regnamespace, false, '13.2' FROM pg_roles WHERE rolname = current_user`);
  expect(await planCacheMode()).toBe('auto');
});

it('tells why a migration ended its session, not that the session is gone', async () => {
  const store = await openStore(database.url);
  const runner = await store.leaseWriter();
  try {
    const ended = withMigrationLock(runner, 1, async () => {
      await runner.query('RESET ROLE');
      await runner.query('SELECT pg_terminate_backend(pg_backend_pid())');
    });
    await expect(ended).rejects.toMatchObject({ code: '57P01' });
  } finally {
    await runner.release();
    await store.close();
  }
});

async function planCacheMode(): Promise<unknown> {
  const store = await openStore(database.url);
  const runner = await store.leaseWriter();
  try {
    await connectionOf(runner);
    const [row] = (await runner.query('SHOW plan_cache_mode')) as { plan_cache_mode: string }[];
    return row?.plan_cache_mode;
  } finally {
    await runner.release();
    await store.close();
  }
}
