const UNIQUE_VIOLATION = '23505';
const INTERNAL_ERROR = 'XX000';
const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

/** What an error means for the transaction that met it. */
export type SqlFault =
  /** The database is away, out of resources or stopping: the transaction fails as a whole. */
  | 'unavailable'
  /** A deadlock or a serialisation failure: run the transaction again. */
  | 'retry'
  /** Another session holds what one command needs, or a statement took too long: set that command apart. */
  | 'held'
  /** One command is at fault, as the database or this program says: split the transaction. */
  | 'refused'
  /** A fault of one command or of the set-up; the state does not tell which. */
  | 'broken';

/** The connection to the database broke or never came about. What pg says of it is the cause. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : 'the connection to the database broke', { cause });
  }
}

/** Marks an error of something that does nothing but use the connection: what has no state is of the connection. */
export function asConnectionError(error: unknown): unknown {
  return sqlState(error) === null && !(error instanceof ConnectionLost) ? new ConnectionLost(error) : error;
}

/**
 * Decides by the SQLSTATE, never by the text of what the database says. An error without one is an outage only when it
 * came from the connection; any other was made by this program, by whatever class, and belongs to one command.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function sqlFault(error: unknown): SqlFault {
  const state = sqlState(error);
  if (state === null) return isConnectionError(error) ? 'unavailable' : 'refused';
  if (state === LOCK_NOT_AVAILABLE || state === QUERY_CANCELED) return 'held';
  if (state === INTERNAL_ERROR && isOfAnotherNode(error)) return 'retry';
  switch (state.slice(0, 2)) {
    case '22':
    case '23':
      return 'refused';
    case '40':
      return 'retry';
    case '08':
    case '53':
    case '57':
    case '58':
    case '55':
    case '25':
    case '28':
    case '3D':
      return 'unavailable';
    default:
      return 'broken';
  }
}

/** Whether the error says that the database is away or cannot serve now, so that the same work may succeed later. */
export function isOutage(error: unknown): boolean {
  if (error instanceof AggregateError) return isOutage(error.errors[0]);
  const fault = sqlFault(error);
  return fault === 'unavailable' || fault === 'retry' || fault === 'held';
}

/**
 * Where Citus passes on what another node said, or that it said nothing any more. The state is lost on the way when it
 * copied rows there, or when the node broke: the next attempt shows what is permanent.
 */
const CITUS_ROUTINES = /^(ReportCopyError|ReportResultError)$/;

function isOfAnotherNode(error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !('routine' in error)) return false;
  return typeof error.routine === 'string' && CITUS_ROUTINES.test(error.routine);
}

/** What pg and its pool say of a connection that broke or could not be had; they give no code there. */
const CONNECTION_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection|Client was closed|Cannot use a pool after calling end|There was an error establishing an SSL connection|The server does not support SSL)/;

/** Node's codes for what happens to a socket. */
const SOCKET_CODES =
  /^(ECONN|ETIMEDOUT|ENOTFOUND|EPIPE|EHOST|ENET|ENOTCONN|EAI_|ERR_STREAM_|ERR_SOCKET_|ERR_SSL_|ERR_TLS_)/;

function isConnectionError(error: unknown): boolean {
  if (error instanceof ConnectionLost) return true;
  if (error instanceof AggregateError) return isConnectionError(error.errors[0]);
  if (!(error instanceof Error)) return false;
  // Of a Unix socket that is not there, connect says ENOENT.
  if ('syscall' in error && error.syscall === 'connect') return true;
  if ('code' in error && typeof error.code === 'string') return SOCKET_CODES.test(error.code);
  return CONNECTION_MESSAGES.test(error.message);
}

/** The five characters of the error's SQLSTATE, or null when the server did not speak. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  // Node's own codes (ECONNREFUSED, EPIPE) have another form.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E') ? code : null;
}

/** Whether a row was there already under a unique key. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === UNIQUE_VIOLATION;
}

/** Whether the server met what it did not foresee, such as a node of its cluster that did not answer. */
export function isInternalError(error: unknown): boolean {
  return sqlState(error)?.startsWith('XX') === true;
}

/** Whether the error is of a kind that only a program makes. Only for what is shown: faults are judged by `sqlFault`. */
export function isProgramFault(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
