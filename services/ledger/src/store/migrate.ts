import { MigrationExecutor, type QueryRunner } from 'typeorm';
import { withMigrationLock } from '@ledger/kit/postgres/migration-lock';
import { ConnectionPool } from '@ledger/kit/postgres/connection-pool';
import { sqlState } from '@ledger/kit/postgres/sql-state';
import { SCHEMA } from './cells';
import { ledgerSource, RUNTIME_ROLE } from './data-source';
import { makeCells } from './make-cells';
import { migrations } from './migrations';
import { missingMembership, readLogin, RoleError, type Login } from './roles';
import { SchemaError } from './schema-check';

/** The oldest Postgres whose features are used (exact `extract`, `pg_current_xact_id`). */
const OLDEST_SERVER_VERSION = 140000;

/** The key of the lock under which the schema is changed. */
const MIGRATION_LOCK = 0x1ed6e1;

/** How long one migration statement, or the wait for another server's migrations, may take. */
const MIGRATION_TIMEOUT_MS = 300_000;

const INSUFFICIENT_PRIVILEGE = '42501';

/** Where the schema is to be made. */
export interface MigrationTarget {
  /** Connection of the owner of the schema. */
  readonly migrationUrl: string;
  /** Connection of the servers; its user is made a member of the runtime role. */
  readonly url: string;
  /** How many cells a ledger has that is made by this call; one that is there keeps its own. 1 unless said. */
  readonly cells?: number;
}

/**
 * Brings the schema up to date, in one transaction: what fails leaves nothing behind. Safe to call by many servers at
 * once. Refuses a schema newer than this program, and needs no rights to change it when nothing is to be done.
 *
 * @returns the names of the migrations that were run by this call
 * @throws SchemaError or RoleError; the message says what to do
 */
export async function migrate(target: MigrationTarget): Promise<string[]> {
  const { migrationUrl, cells = 1 } = target;
  return onOneConnection(migrationUrl, async (runner) => {
    await refuseOldServer(runner);
    const user = target.url === migrationUrl ? undefined : await serversUser(target.url);
    const isDone = async (): Promise<boolean> =>
      (await pendingMigrations(runner)).length === 0 && mayServe(await readLogin(runner, user));
    if (await isDone()) return [];
    return withMigrationLock(runner, MIGRATION_LOCK, () =>
      inTransaction(runner, () => run(runner, user, cells)),
    );
  });
}

async function run(runner: QueryRunner, user: string | undefined, cells: number): Promise<string[]> {
  const pending = await pendingMigrations(runner);
  const isNew = pending.length === migrations.length;
  if (pending.length > 0) {
    const { hasSchema } = await checkRights(runner);
    if (!hasSchema) await runner.query(`CREATE SCHEMA ${SCHEMA}`);
  }
  const executor = new MigrationExecutor(runner.dataSource, runner);
  executor.transaction = 'none';
  const done = await executor.executePendingMigrations().catch(throwWhenMade);
  if (isNew) await makeCells(runner, cells);
  await runner.query(`GRANT SELECT ON ${SCHEMA}.migrations TO ${RUNTIME_ROLE}`);
  const login = await readLogin(runner, user);
  if (!mayServe(login)) await grantRuntimeRole(runner, login);
  return done.map((migration) => migration.name);
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

/** Whether the user can be that of servers: with the rights of the runtime role, or by taking it on. */
function mayServe({ isStrong, inherits, mayTake }: Login): boolean {
  return mayTake || (!isStrong && inherits);
}

/** Tells what the owner lacks, before Postgres refuses it in words that name no remedy. */
async function checkRights(runner: QueryRunner): Promise<OwnerRights> {
  const [rights] = (await runner.query(
    `SELECT quote_ident(u.rolname) AS "user", quote_ident(current_database()) AS database,
            n.oid IS NOT NULL AS "hasSchema", coalesce(pg_has_role(n.nspowner, 'USAGE'), false) AS "ownsSchema",
            has_database_privilege(current_database(), 'CREATE') AS "mayCreate",
            EXISTS (SELECT FROM pg_roles WHERE rolname = '${RUNTIME_ROLE}') OR u.rolsuper OR u.rolcreaterole AS "hasRole"
       FROM pg_roles u LEFT JOIN pg_namespace n ON n.nspname = '${SCHEMA}'
      WHERE u.rolname = current_user`,
  )) as OwnerRights[];
  if (rights === undefined) throw new RoleError('the role of this connection is gone');
  const { user, database, hasSchema, ownsSchema, mayCreate, hasRole } = rights;
  if (!hasSchema && !mayCreate) {
    throw new RoleError(
      `${user} may not make the schema ${SCHEMA}: let the owner of the database, or a superuser, run: ` +
        `GRANT CREATE ON DATABASE ${database} TO ${user}`,
    );
  }
  if (hasSchema && !ownsSchema) {
    throw new RoleError(
      `${user} does not own the schema ${SCHEMA}: migrate as its owner (MIGRATION_DATABASE_URL), or let a superuser ` +
        `run: ALTER SCHEMA ${SCHEMA} OWNER TO ${user}`,
    );
  }
  if (!hasRole) {
    throw new RoleError(
      `${user} may not make the role ${RUNTIME_ROLE}, which has the rights of servers: let a user with CREATEROLE, or a ` +
        `superuser, run: CREATE ROLE ${RUNTIME_ROLE} NOLOGIN`,
    );
  }
  return rights;
}

interface OwnerRights {
  readonly user: string;
  readonly database: string;
  readonly hasSchema: boolean;
  readonly ownsSchema: boolean;
  readonly mayCreate: boolean;
  /** Whether the runtime role is there or can be made. */
  readonly hasRole: boolean;
}

/** Names of this program's migrations that the database lacks; throws when the database has others. */
async function pendingMigrations(runner: QueryRunner): Promise<string[]> {
  const known = migrations.map((migration) => new migration().name);
  const [table] = (await runner.query(
    `SELECT to_regclass('${SCHEMA}.migrations') IS NOT NULL AS present`,
  )) as { present: boolean }[];
  if (table?.present !== true) return known;
  const rows = (await runner.query(`SELECT name FROM ${SCHEMA}.migrations`)) as { name: string }[];
  const done = rows.map(({ name }) => name);
  const unknown = done.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new SchemaError(
      `the database's schema is newer than this server (it has ${unknown.join(', ')}): run a newer server`,
    );
  }
  return known.filter((name) => !done.includes(name));
}

async function refuseOldServer(runner: QueryRunner): Promise<void> {
  const [row] = (await runner.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  )) as { version: string; number: number }[];
  if (row !== undefined && row.number < OLDEST_SERVER_VERSION) {
    throw new SchemaError(`Postgres ${row.version} is too old: 14 or newer is needed`);
  }
}

/** Gives the servers' user the rights of the runtime role, and lets it take the role on. */
async function grantRuntimeRole(runner: QueryRunner, login: Login): Promise<void> {
  const options = login.hasSetOption ? ' WITH INHERIT TRUE, SET TRUE' : '';
  try {
    await runner.query(`GRANT ${RUNTIME_ROLE} TO ${login.quotedUser}${options}`);
  } catch (error) {
    if (sqlState(error) !== INSUFFICIENT_PRIVILEGE) throw error;
    throw new RoleError(missingMembership(login), { cause: error });
  }
}

/** The user that the servers connect as. */
function serversUser(url: string): Promise<string> {
  return onOneConnection(url, async (runner) => {
    const [row] = (await runner.query('SELECT session_user::text AS name')) as { name: string }[];
    return row?.name ?? '';
  });
}

async function onOneConnection<T>(url: string, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const pool = await ConnectionPool.open(
    ledgerSource({
      ...{ url, applicationName: 'ledger-migrate', poolSize: 1 },
      parameters: { statement_timeout: MIGRATION_TIMEOUT_MS.toString() },
    }),
  );
  try {
    const runner = await pool.lease();
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  } finally {
    await pool.close();
  }
}

async function inTransaction<T>(runner: QueryRunner, work: () => Promise<T>): Promise<T> {
  await runner.startTransaction();
  try {
    const result = await work();
    await runner.commitTransaction();
    return result;
  } catch (error) {
    if (runner.isTransactionActive && !runner.isReleased) await runner.rollbackTransaction();
    throw error;
  }
}
