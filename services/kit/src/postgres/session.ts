import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { StartError } from '../server/start-error';
import { sqlState } from './sql-state';

/** A connection cannot keep what a session keeps. The message says what to do. */
class SessionError extends StartError {
  override readonly name = 'SessionError';
}

/** What Postgres says when a statement was prepared in another session, or by another connection in this one. */
const FOREIGN_STATEMENT = /^(26000|42P05)$/;

/** An error of a new connection, as what it means for the set-up. */
export function asSessionError(error: unknown): unknown {
  return FOREIGN_STATEMENT.test(sqlState(error) ?? '') ? new SessionError(UNSTABLE, { cause: error }) : error;
}

/** What a connection was given when it began, and how it is known again. */
export interface Session {
  /** The process of Postgres behind it. */
  readonly pid: number;
  /** Each setting with its value as Postgres shows it. */
  readonly values: ReadonlyMap<string, string>;
}

/** Differs on each connection: one that is lent the session of another finds a foreign mark. */
const MARK = 'ledger.session';
const MARK_BYTES = 12;

const UNSTABLE =
  'Each connection needs a session of Postgres of its own, and statements of this one reach several. ' +
  'A pooler in transaction or statement mode does that: set its mode to session ' +
  '(PgBouncer: pool_mode = session), or connect to Postgres directly.';

/**
 * Gives a new connection its settings, and checks that they hold for the next statement. They are set by a statement,
 * since poolers refuse or drop what is given as `options` when connecting.
 *
 * @throws SessionError when they do not hold
 */
export async function beginSession(
  client: Client,
  parameters: Readonly<Record<string, string>>,
): Promise<Session> {
  const wanted = { [MARK]: randomBytes(MARK_BYTES).toString('hex'), ...parameters };
  const { rows } = await client.query<{ pid: number; name: string; value: string }>(
    `SELECT pg_backend_pid() AS pid, name, set_config(name, value, false) AS value
       FROM unnest($1::text[], $2::text[]) AS wanted (name, value)`,
    [Object.keys(wanted), Object.values(wanted)],
  );
  const session = {
    pid: rows[0]?.pid ?? 0,
    values: new Map(rows.map(({ name, value }) => [name, value])),
  };
  await checkSession(client, session);
  return session;
}

/**
 * Checks that a connection still is the session that it began. A pooler that lends sessions statement by statement is
 * found when this is asked while other connections are open.
 *
 * @throws SessionError when it is another one
 */
export async function checkSession(client: Client, { pid, values }: Session): Promise<void> {
  const { rows } = await client.query<{ pid: number; name: string; value: string | null }>(
    `SELECT pg_backend_pid() AS pid, name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name`,
    [[...values.keys()]],
  );
  for (const row of rows) {
    if (row.pid !== pid || (row.name === MARK && row.value !== values.get(MARK)))
      throw new SessionError(UNSTABLE);
    if (row.value === values.get(row.name)) continue;
    throw new SessionError(
      `Postgres was asked for ${row.name} = ${values.get(row.name) ?? ''} and has ${row.value ?? 'nothing'}. ${UNSTABLE}`,
    );
  }
}
