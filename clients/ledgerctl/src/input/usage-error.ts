/** The command cannot be executed as it was typed. Nothing was sent. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
