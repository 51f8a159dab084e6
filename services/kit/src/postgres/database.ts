import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { CONNECT_TIMEOUT_MS, createDataSource, type Migration } from './data-source';
import { withMigrationLock } from './migration-lock';
import { rowTypes } from './row-types';
import { sqlState } from './sql-state';

/** Settings of a service that owns data. */
export interface DatabaseSettings {
  /** Its own database, which is made when it is absent. */
  readonly databaseUrl: string;
  /** Connections to it. */
  readonly databaseConnections: number;
  /** The longest that one statement may take. */
  readonly statementTimeoutMs: number;
}

/** The key of the lock under which a service's database is migrated. */
const MIGRATION_LOCK = 0x1ed6e2;

/** Always there, also when the service's own database is not. */
const MAINTENANCE_DATABASE = 'postgres';

const NO_SUCH_DATABASE = '3D000';
/** Somebody else made it at the same moment. */
const DATABASE_IS_THERE = /^(42P04|23505)$/;

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
  const source = createDataSource({
    url: settings.databaseUrl,
    applicationName: service,
    poolSize: settings.databaseConnections,
    parameters: { statement_timeout: settings.statementTimeoutMs.toString() },
    migrations,
    client: { types: rowTypes },
  });
  await source.initialize();
  try {
    await migrate(source);
    return source;
  } catch (error) {
    await source.destroy();
    throw error;
  }
}

async function migrate(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    await withMigrationLock(runner, MIGRATION_LOCK, () => source.runMigrations({ transaction: 'each' }));
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
    if (sqlState(error) !== NO_SUCH_DATABASE) throw error;
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
    if (!DATABASE_IS_THERE.test(sqlState(error) ?? '')) throw error;
  } finally {
    await client.end();
  }
}
