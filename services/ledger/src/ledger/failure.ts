/**
 * The reasons of `ledger.v1.ErrorReason` that a decision can come to. All of these but the passing ones are stored and
 * replayed.
 */
export type FailureReason =
  | 'INSUFFICIENT_FUNDS'
  | 'ACCOUNT_FROZEN'
  | 'ITEM_INACTIVE'
  | 'PRICE_CHANGED'
  | 'HOLD_NOT_OPEN'
  | 'CAPTURE_EXCEEDS_HOLD'
  | 'REVERSAL_EXCEEDS_ORIGINAL'
  | 'NOT_REVERSIBLE'
  | 'LIMIT_EXCEEDED'
  | 'AMOUNT_OVERFLOW'
  | 'ITEM_NOT_FOUND'
  | 'TRANSACTION_NOT_FOUND'
  | 'HOLD_NOT_FOUND'
  | 'CONFLICT'
  | PassingReason;

/** Of a refusal that passes: it is not stored, and the same request may succeed later. */
export type PassingReason = 'CLOCK_BEHIND';

/** A write that was decided and refused. A value, not an exception: it is an outcome like any other. */
export interface Failure {
  readonly type: 'failure';
  readonly reason: FailureReason;
  /** For people; every number of it is in `metadata` too. */
  readonly message: string;
  /** For programs; the keys are those that `ErrorReason` documents. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Makes a failure; numbers become decimal text. */
export function failure(
  reason: FailureReason,
  message: string,
  metadata: Readonly<Record<string, string | bigint>>,
): Failure {
  const text: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) text[key] = value.toString();
  return { type: 'failure', reason, message, metadata: text };
}
