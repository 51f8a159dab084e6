import { ConnectionPool } from '@ledger/kit/postgres/connection-pool';
import { StartError } from '@ledger/kit/server/start-error';
import type { QueryRunner } from 'typeorm';
import { SCHEMA } from './cells';
import { ledgerSource, RUNTIME_ROLE } from './data-source';

/** Servers have no rights, or too many. The message names the SQL that helps. */
export class RoleError extends StartError {
  override readonly name = 'RoleError';
}

/** As whom the connections of a server work. */
export interface ServerRole {
  /** The role that each connection takes on; null: the login has no rights but those of the runtime role. */
  readonly role: string | null;
}

/** Since 16, being a member of a role and being allowed to take it on are two things. */
const SET_OPTION_SINCE = 160000;

/**
 * Finds out as whom a server works. A login that owns nothing and has the rights of the runtime role works as itself.
 * One that is more than that, the owner of the tables or a superuser, takes the runtime role on.
 *
 * @throws RoleError when the login can do neither
 */
export async function serverRole(url: string): Promise<ServerRole> {
  const pool = await ConnectionPool.open(
    ledgerSource({ url, applicationName: 'ledger-start', poolSize: 1, parameters: {} }),
  );
  const runner = await pool.lease();
  try {
    const login = await readLogin(runner);
    if (!login.isSetUp) {
      throw new RoleError(
        'the schema of the ledger is not in this database: run ledger-server migrate on it first',
      );
    }
    if (!login.isStrong && login.inherits) return { role: null };
    if (login.mayTake) return { role: RUNTIME_ROLE };
    throw new RoleError(missingMembership(login));
  } finally {
    await runner.release();
    await pool.close();
  }
}

/** What the user of a connection is to the ledger. */
export interface Login {
  readonly user: string;
  /** As an identifier of SQL. */
  readonly quotedUser: string;
  /** Whether there is a schema of the ledger. */
  readonly isSetUp: boolean;
  /** Whether it could change what was booked: a superuser, or one who owns the tables. */
  readonly isStrong: boolean;
  /** Whether it has the rights of the runtime role as itself. */
  readonly inherits: boolean;
  /** Whether it may take the runtime role on. */
  readonly mayTake: boolean;
  /** Whether this server tells taking a role on from being a member of it. */
  readonly hasSetOption: boolean;
}

/** Reads what a user, by default that of the connection, is to the ledger. */
export async function readLogin(runner: QueryRunner, user?: string): Promise<Login> {
  const [{ version } = { version: 0 }] = (await runner.query(
    `SELECT current_setting('server_version_num')::int AS version`,
  )) as { version: number }[];
  const hasSetOption = version >= SET_OPTION_SINCE;
  const rows = (await runner.query(
    `SELECT u.rolname AS "user", quote_ident(u.rolname) AS "quotedUser",
            n.oid IS NOT NULL AND t.oid IS NOT NULL AS "isSetUp",
            u.rolsuper OR coalesce(pg_has_role(u.oid, n.nspowner, 'MEMBER'), false) AS "isStrong",
            coalesce(pg_has_role(u.oid, r.oid, 'USAGE'), false) AS inherits,
            coalesce(pg_has_role(u.oid, r.oid, $2), false) AS "mayTake"
       FROM pg_roles u
       LEFT JOIN pg_roles r ON r.rolname = '${RUNTIME_ROLE}'
       LEFT JOIN pg_namespace n ON n.nspname = '${SCHEMA}'
       LEFT JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = 'migrations'
      WHERE u.rolname = coalesce($1, session_user::text)`,
    [user ?? null, hasSetOption ? 'SET' : 'MEMBER'],
  )) as Omit<Login, 'hasSetOption'>[];
  const [login] = rows;
  if (login === undefined) throw new RoleError(`there is no role ${user ?? ''} in this Postgres`);
  return { ...login, hasSetOption };
}

/** What an administrator has to do so that a login gets the rights of servers. */
export function missingMembership({ user, quotedUser, hasSetOption }: Login): string {
  const options = hasSetOption ? ' WITH INHERIT TRUE, SET TRUE' : '';
  return (
    `the user ${user} has not the rights of a server of the ledger: let whoever made the role ${RUNTIME_ROLE}, or a ` +
    `superuser, run: GRANT ${RUNTIME_ROLE} TO ${quotedUser}${options}`
  );
}
