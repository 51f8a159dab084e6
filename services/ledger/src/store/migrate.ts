import type { DataSource, QueryRunner } from 'typeorm';
import { withMigrationLock } from '@ledger/kit/postgres/migration-lock';
import { sqlState } from '@ledger/kit/postgres/sql-state';
import { StartError } from '@ledger/kit/server/start-error';
import { createLedgerSource, RUNTIME_ROLE, SCHEMA } from './data-source';
import { migrations } from './migrations';

/** The oldest Postgres whose features are used (exact `extract`, `pg_current_xact_id`). */
const OLDEST_SERVER_VERSION = 140000;

/** The key of the lock under which the schema is changed. */
const MIGRATION_LOCK = 0x1ed6e1;

/** How long one migration statement, or the wait for another server's migrations, may take. */
const MIGRATION_TIMEOUT_MS = 300_000;

/** This server cannot work on the database. The message says what to do. */
class SchemaError extends StartError {
  override readonly name = 'SchemaError';
}

/** Where the schema is to be made. */
export interface MigrationTarget {
  /** Connection of the owner of the schema, who may create a role. */
  readonly migrationUrl: string;
  /** Connection of the servers; its user is made a member of the runtime role. */
  readonly url: string;
}

/**
 * Brings the schema up to date. Safe to call by many servers at once. Refuses a schema newer than this program, and
 * needs no rights to change it when nothing is to be done.
 *
 * @returns the names of the migrations that were run by this call
 */
export async function migrate(target: MigrationTarget): Promise<string[]> {
  const source = createLedgerSource({
    url: target.migrationUrl,
    applicationName: 'ledger-migrate',
    poolSize: 2,
    parameters: { statement_timeout: MIGRATION_TIMEOUT_MS.toString() },
  });
  await source.initialize();
  try {
    const runner = source.createQueryRunner();
    try {
      await refuseOldServer(runner);
      const pending = await pendingMigrations(runner);
      const user = await serversUser(runner, target);
      if (pending.length === 0 && (await mayTakeRuntimeRole(runner, user))) return [];
      return await withMigrationLock(runner, MIGRATION_LOCK, () => runPending(source, runner, user));
    } finally {
      await runner.release();
    }
  } finally {
    await source.destroy();
  }
}

async function runPending(source: DataSource, runner: QueryRunner, user: string): Promise<string[]> {
  await runner.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
  const run = await source.runMigrations({ transaction: 'each' }).catch(throwWhenMade);
  await runner.query(`GRANT SELECT ON ${SCHEMA}.migrations TO ${RUNTIME_ROLE}`);
  if (!(await mayTakeRuntimeRole(runner, user))) await grantRuntimeRole(runner, user);
  return run.map((migration) => migration.name);
}

/** SQLSTATEs of what is there already: a column, an object, a table, a function, a schema. */
const IS_THERE: ReadonlySet<string | null> = new Set(['42701', '42710', '42P07', '42723', '42P06']);

/** A migration that meets its own work was run before: the row that says so was lost, in a restore perhaps. */
function throwWhenMade(cause: unknown): never {
  if (!IS_THERE.has(sqlState(cause))) throw cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  const message = `what a migration makes is there already (${said}), but ${SCHEMA}.migrations does not have its row: restore the rows of that table from a backup, or restore the whole database`;
  throw new SchemaError(message, { cause });
}

/** Names of this program's migrations that the database lacks; throws when the database has others. */
async function pendingMigrations(runner: QueryRunner): Promise<string[]> {
  const known = migrations.map((migration) => migration.name);
  const [table] = await rows(runner, `SELECT to_regclass('${SCHEMA}.migrations') IS NOT NULL AS present`);
  if (table?.['present'] !== true) return known;
  const done = (await rows(runner, `SELECT name FROM ${SCHEMA}.migrations`)).map((row) =>
    String(row['name']),
  );
  const unknown = done.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new SchemaError(
      `the database's schema is newer than this server (it has ${unknown.join(', ')}): run a newer server`,
    );
  }
  return known.filter((name) => !done.includes(name));
}

async function refuseOldServer(runner: QueryRunner): Promise<void> {
  const [row] = await rows(
    runner,
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  if (Number(row?.['number']) < OLDEST_SERVER_VERSION) {
    throw new SchemaError(`Postgres ${String(row?.['version'])} is too old: 14 or newer is needed`);
  }
}

/** Whether the servers' user may take the runtime role. A user that was made after the migrations may not yet. */
async function mayTakeRuntimeRole(runner: QueryRunner, user: string): Promise<boolean> {
  const [row] = await rows(
    runner,
    `SELECT rolsuper OR EXISTS (
              SELECT FROM pg_roles r WHERE r.rolname = '${RUNTIME_ROLE}' AND pg_has_role(u.oid, r.oid, 'MEMBER')
            ) AS may
       FROM pg_roles u WHERE rolname = $1`,
    [user],
  );
  return row?.['may'] === true;
}

/** Lets the servers' user take the runtime role. */
async function grantRuntimeRole(runner: QueryRunner, user: string): Promise<void> {
  const [row] = await rows(runner, 'SELECT quote_ident($1) AS name', [user]);
  await runner.query(`GRANT ${RUNTIME_ROLE} TO ${String(row?.['name'])}`);
}

/** The user that the servers connect as. */
async function serversUser(runner: QueryRunner, { url, migrationUrl }: MigrationTarget): Promise<string> {
  if (url === migrationUrl) return sessionUser(runner);
  const source = createLedgerSource({ url, applicationName: 'ledger-migrate', poolSize: 1, parameters: {} });
  await source.initialize();
  try {
    return await sessionUser(source);
  } finally {
    await source.destroy();
  }
}

async function sessionUser(runner: Parameters<typeof rows>[0]): Promise<string> {
  const [row] = await rows(runner, 'SELECT session_user::text AS name');
  return String(row?.['name']);
}

async function rows(
  runner: Pick<QueryRunner, 'query'> | Pick<DataSource, 'query'>,
  sql: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const result: unknown = await runner.query(sql, values);
  return Array.isArray(result) ? (result as Record<string, unknown>[]) : [];
}
