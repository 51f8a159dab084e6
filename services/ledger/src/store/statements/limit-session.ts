import { execute, type Connection } from '../pg/connection';

const limitSessionStatement = {
  name: 'limit_session',
  // What this version of Postgres does not know is left out: transaction_timeout came with 17. Whether a client is
  // still there can be asked during a statement on Linux alone.
  text: `
    SELECT set_config(s.name, w.value, false)
      FROM unnest($1::text[], $2::text[]) AS w (name, value)
      JOIN pg_catalog.pg_settings s ON s.name = w.name
     WHERE s.name <> 'client_connection_check_interval' OR version() LIKE '%linux%'`,
};

/** How long a session that writes batches may hold locks. */
export interface SessionLimits {
  /** The longest that a statement waits for one lock. */
  readonly lockTimeoutMs: number;
  /** The longest that a transaction waits for the next statement of this program, which may be frozen. */
  readonly idleTransactionTimeoutMs: number;
  /** The longest that a transaction takes in all. */
  readonly transactionTimeoutMs: number;
  /** How soon the database notices that this program, or the way to it, is gone. */
  readonly deadConnectionTimeoutMs: number;
}

/** Lets the database end a session that holds locks and does not go on. Sent, and not waited for. */
export function limitSession(connection: Connection, limits: SessionLimits): Promise<void> {
  const { lockTimeoutMs, idleTransactionTimeoutMs, transactionTimeoutMs, deadConnectionTimeoutMs } = limits;
  const seconds = Math.max(1, Math.ceil(deadConnectionTimeoutMs / 3_000)).toString();
  const settings = {
    lock_timeout: lockTimeoutMs.toString(),
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs.toString(),
    transaction_timeout: transactionTimeoutMs.toString(),
    tcp_user_timeout: deadConnectionTimeoutMs.toString(),
    tcp_keepalives_idle: seconds,
    tcp_keepalives_interval: seconds,
    tcp_keepalives_count: '2',
    client_connection_check_interval: deadConnectionTimeoutMs.toString(),
  };
  const list = (values: readonly string[]): string => `{${values.join(',')}}`;
  return execute(connection, limitSessionStatement, [
    list(Object.keys(settings)),
    list(Object.values(settings)),
  ]);
}
