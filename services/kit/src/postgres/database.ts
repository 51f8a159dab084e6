import 'reflect-metadata';
import type { EventEmitter } from 'node:events';
import { Client, types, type CustomTypesConfig } from 'pg';
import { DataSource, type MigrationInterface } from 'typeorm';
import type { DatabaseSettings } from '../server/environment';

/** A class of migrations, as TypeORM takes them. */
export type Migration = new () => MigrationInterface;

/** Held while migrations run, so that servers which start at once run them once. */
const MIGRATION_LOCK = 0x1ed6e2;

const CONNECT_TIMEOUT_MS = 5_000;

/** Always there, also when the service's own database is not. */
const MAINTENANCE_DATABASE = 'postgres';

const NO_SUCH_DATABASE = '3D000';
/** Somebody else made it at the same moment. */
const DATABASE_IS_THERE = /^(42P04|23505)$/;

const INT8_OID = 20;

// Counts and ids are bigint from wire to disk; pg gives int8 as text otherwise.
const rowTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary'): unknown =>
    oid === INT8_OID ? (text: string) => BigInt(text) : types.getTypeParser(oid, format),
};

/**
 * Opens a service's own database: makes it when it is absent, and brings its schema up to date. Safe to call by
 * several servers at once. Statements are run by `query` of the data source or of a QueryRunner; int8 comes as bigint.
 *
 * @param migrations all of them, oldest first; what was released is never edited
 */
export async function openDatabase(
  service: string,
  settings: DatabaseSettings,
  migrations: readonly Migration[],
): Promise<DataSource> {
  await createWhenAbsent(settings.databaseUrl);
  const source = dataSource(service, settings, migrations);
  await source.initialize();
  try {
    await migrate(source);
    return source;
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

function dataSource(
  service: string,
  { databaseUrl, databaseConnections, statementTimeoutMs }: DatabaseSettings,
  migrations: readonly Migration[],
): DataSource {
  return new DataSource({
    type: 'postgres',
    url: databaseUrl,
    applicationName: service,
    poolSize: databaseConnections,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    synchronize: false,
    logging: false,
    installExtensions: false,
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    // A connection that fails while idle is simply replaced by the next one.
    poolErrorHandler: () => undefined,
    extra: {
      options: `-c statement_timeout=${statementTimeoutMs}`,
      keepAlive: true,
      types: rowTypes,
      // On its way from the pool to its first user nobody else listens to a connection, and an error that nobody
      // listens to ends the process. Whoever uses it next is told anyway.
      onConnect: (client: EventEmitter) => {
        client.on('error', () => undefined);
      },
    },
  });
}

async function migrate(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    await runner.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    try {
      await source.runMigrations({ transaction: 'each' });
    } finally {
      await runner.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK})`);
    }
  } finally {
    await runner.release();
  }
}

async function createWhenAbsent(databaseUrl: string): Promise<void> {
  const probe = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  try {
    await probe.connect();
    return;
  } catch (error) {
    if (codeOf(error) !== NO_SUCH_DATABASE) throw error;
  } finally {
    await probe.end();
  }
  const url = new URL(databaseUrl);
  const name = decodeURIComponent(url.pathname.slice(1));
  url.pathname = `/${MAINTENANCE_DATABASE}`;
  const client = new Client({ connectionString: url.href, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    if (!DATABASE_IS_THERE.test(codeOf(error))) throw error;
  } finally {
    await client.end();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
