import { DatabaseError } from 'pg';

const UNIQUE_VIOLATION = '23505';

/** What an error of the database means for the transaction that met it. */
export type SqlFault =
  /** The database is away, out of resources or stopping: the transaction fails as a whole. */
  | 'unavailable'
  /** A deadlock or a serialisation failure: run the transaction again. */
  | 'retry'
  /** One command is at fault, as the database or this program says: split the transaction. */
  | 'refused'
  /** A fault of this program or of the set-up: the transaction fails as a whole. */
  | 'broken';

/**
 * Decides by the SQLSTATE alone, never by the text. An error without one is a connection that broke or never came
 * about.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export function sqlFault(error: unknown): SqlFault {
  const state = sqlState(error);
  if (state === null) return isProgramFault(error) ? 'refused' : 'unavailable';
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

/**
 * Whether the error says that the database is away or cannot serve now, so that the same work may succeed later. Unlike
 * {@link sqlFault} it takes any error: one that neither the database nor its connection made is no outage.
 */
export function isOutage(error: unknown): boolean {
  if (error instanceof AggregateError) return isOutage(error.errors[0]);
  if (sqlState(error) === null) return isConnectionError(error);
  const fault = sqlFault(error);
  return fault === 'unavailable' || fault === 'retry';
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string')
    return /^(ECONN|ETIMEDOUT|ENOTFOUND|EPIPE)/.test(error.code);
  // What pg says of a connection that broke or could not be had; it gives no code there.
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/.test(
    error.message,
  );
}

/** The five characters of the error's SQLSTATE, or null when the server did not speak. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  // Node's own codes (ECONNREFUSED, EPIPE) have another form.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E') ? code : null;
}

/** The name of the unique constraint that the error says was violated, or null. */
export function violatedKey(error: unknown): string | null {
  if (sqlState(error) !== UNIQUE_VIOLATION) return null;
  return error instanceof DatabaseError ? (error.constraint ?? null) : null;
}

/** Whether the error is of a kind that only a program makes, and neither a database nor a network. */
export function isProgramFault(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError;
}
