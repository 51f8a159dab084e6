/** The embedded Postgres cannot run. The message says why and what to do, and never holds the password. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

/** The system's code of a failed call (`ENOENT`, `EACCES`, …) or the SQLSTATE, when the error carries one. */
export function errorCode(error: unknown): string | undefined {
  // No instanceof: errors of Node's own modules come from another realm under jest.
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function errorMessage(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  // Node joins the failures of several addresses into an AggregateError without a message of its own.
  return String(error.message) || (errorCode(error) ?? 'unknown error');
}
