import { CallError } from '@ledger/kit/rpc/call-error';

/** Those who are refused together do not come again together. */
const SPREAD = 0.5;
/** Sooner than this nothing has changed, and later than that it may have. */
const RETRY_AFTER_MIN_MS = 50;
const RETRY_AFTER_MAX_MS = 5_000;

/** The refusal of what would wait too long; it says when to come again: after about the time that it would have waited. */
export function overloaded(
  message: string,
  waitMs: number,
  metadata: Readonly<Record<string, string>>,
): CallError<'OVERLOADED'> {
  const meanMs = Math.min(Math.max(waitMs, RETRY_AFTER_MIN_MS), RETRY_AFTER_MAX_MS);
  const retryAfterMs = Math.round(meanMs * (1 + SPREAD * (2 * Math.random() - 1)));
  return new CallError('OVERLOADED', message, { metadata, retryAfterMs });
}
