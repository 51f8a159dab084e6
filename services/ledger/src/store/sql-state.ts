import { DatabaseError } from 'pg';

const UNIQUE_VIOLATION = '23505';

/** What an error of the database means for the batch that met it. */
export type SqlFault =
  /** The database is away, out of resources or stopping: the batch fails as a whole. */
  | 'unavailable'
  /** A deadlock or a serialisation failure: run the batch again. */
  | 'retry'
  /** One command is at fault, by the database's word or by this program's: split the batch. */
  | 'refused'
  /** A fault of this program or of the set-up: the batch fails as a whole. */
  | 'broken';

/**
 * Judges by the SQLSTATE alone, never by the text. An error without one is a connection that broke or never came
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
