import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { TEMPLATE_DATABASE } from './global-setup';

/** A database of the ledger. */
export interface OpenDatabase {
  readonly url: string;
  /** Runs SQL as the owner of the schema, on a connection of its own. */
  query<Row extends object = Record<string, string>>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** A database of a test's own, with the schema in place. */
export interface TestDatabase extends OpenDatabase {
  drop(): Promise<void>;
}

/** Any database, by its address. */
export function openDatabase(url: string): OpenDatabase {
  return {
    url,
    query: async <Row extends object>(sql: string, values: unknown[] = []) =>
      (await onCluster(url, sql, values)) as Row[],
  };
}

/** Clones the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await onCluster(clusterUrl(), `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
  const target = new URL(clusterUrl());
  target.pathname = `/${name}`;
  return {
    ...openDatabase(target.href),
    drop: async () => {
      await onCluster(clusterUrl(), `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

/** An empty database, without the schema. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const schemas = await database.query<{ name: string }>(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname ~ '^ledger(_[0-9]+)?$'`,
  );
  for (const { name } of schemas) await database.query(`DROP SCHEMA ${name} CASCADE`);
  return database;
}

function clusterUrl(): string {
  const url = process.env['LEDGER_TEST_CLUSTER_URL'];
  if (url === undefined) throw new Error('the test cluster is not running: run tests with jest');
  return url;
}

async function onCluster(url: string, sql: string, values: unknown[] = []): Promise<object[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const result = await client.query<object>(sql, values);
    return result.rows;
  } finally {
    await client.end();
  }
}
