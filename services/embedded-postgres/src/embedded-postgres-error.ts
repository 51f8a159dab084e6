/** The embedded Postgres cannot run. The message says why and what to do. It never contains the password. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** The system error code (`ENOENT`, `EACCES`, …) or the SQLSTATE of an error; undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  // No instanceof: under jest, errors of Node's own modules come from another realm.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The message of whatever was thrown. Never empty. */
export function errorMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  // Node joins the failures of several addresses into an AggregateError without a message of its own.
  return String(error.message) || (errorCode(error) ?? 'unknown error');
}
