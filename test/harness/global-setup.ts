import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';
import { migrate } from '../../services/ledger/src/store/migrate';

/** The database that every test file's own is cloned from. */
export const TEMPLATE_DATABASE = 'ledger_template';

/** How many cells the ledgers of tests have: what must hold holds with one and with several. */
export const TEST_CELLS = Number(process.env['LEDGER_TEST_CELLS'] ?? 1);

declare global {
  // Jest hands nothing from set-up to teardown but what is global.
  var testCluster: { postgres: EmbeddedPostgres; directory: string } | undefined;
}

/**
 * One real Postgres for all test files, and a migrated database to clone. It is the embedded one, or the one whose
 * `initdb` and `postgres` are in the folder that LEDGER_TEST_POSTGRES_BIN names: test/postgres-majors.mjs uses that.
 */
export default async function globalSetup(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'ledger-test-'));
  await chmod(directory, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataDir: directory,
    log: () => undefined,
    // Tests put proxies in front of it.
    tcp: true,
    binDir: process.env['LEDGER_TEST_POSTGRES_BIN'],
    // Hundreds of databases are made and thrown away here. What must survive a crash is tested by test/faults, on a
    // cluster with the defaults.
    settings: { fsync: 'off', max_connections: '300' },
  });
  globalThis.testCluster = { postgres, directory };
  process.env['LEDGER_TEST_CLUSTER_URL'] = postgres.url;

  const client = new Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE_DATABASE}`);
  await client.end();
  const url = new URL(postgres.url);
  url.pathname = `/${TEMPLATE_DATABASE}`;
  await migrate({ url: url.href, migrationUrl: url.href, cells: TEST_CELLS });
}
