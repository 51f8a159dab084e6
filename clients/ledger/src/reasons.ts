import { status } from '@grpc/grpc-js';
import type { ErrorReasonName } from './error-details';

/**
 * What a failed attempt says about a write. `decided`: its outcome is known, for earlier attempts as well. `not_booked`:
 * this attempt booked nothing, an earlier one may have. `unknown`: this attempt may have booked it.
 */
export type Booking = 'decided' | 'not_booked' | 'unknown';

/** What a reason of the ledger means to a caller. */
export interface ReasonFacts {
  /** The gRPC status that it comes with. */
  readonly code: status;
  /** Whether another attempt, always with the same request id, may end differently. */
  readonly retry: boolean;
  readonly booking: Booking;
}

const decided = (code: status): ReasonFacts => ({ code, retry: false, booking: 'decided' });

/** Every reason. The compiler asks for the line of a new one. */
export const REASONS: { readonly [Reason in ErrorReasonName]: ReasonFacts } = {
  INVALID_FIELD: decided(status.INVALID_ARGUMENT),
  INSUFFICIENT_FUNDS: decided(status.FAILED_PRECONDITION),
  ACCOUNT_FROZEN: decided(status.FAILED_PRECONDITION),
  ITEM_INACTIVE: decided(status.FAILED_PRECONDITION),
  PRICE_CHANGED: decided(status.FAILED_PRECONDITION),
  HOLD_NOT_OPEN: decided(status.FAILED_PRECONDITION),
  CAPTURE_EXCEEDS_HOLD: decided(status.FAILED_PRECONDITION),
  REVERSAL_EXCEEDS_ORIGINAL: decided(status.FAILED_PRECONDITION),
  NOT_REVERSIBLE: decided(status.FAILED_PRECONDITION),
  AMOUNT_OVERFLOW: decided(status.OUT_OF_RANGE),
  ITEM_NOT_FOUND: decided(status.NOT_FOUND),
  TRANSACTION_NOT_FOUND: decided(status.NOT_FOUND),
  HOLD_NOT_FOUND: decided(status.NOT_FOUND),
  REQUEST_NOT_FOUND: decided(status.NOT_FOUND),
  REQUEST_ID_REUSED: decided(status.ALREADY_EXISTS),
  CONFLICT: decided(status.ABORTED),
  OVERLOADED: { code: status.RESOURCE_EXHAUSTED, retry: true, booking: 'not_booked' },
  STORE_UNAVAILABLE: { code: status.UNAVAILABLE, retry: true, booking: 'unknown' },
  NOT_STARTED: { code: status.DEADLINE_EXCEEDED, retry: true, booking: 'not_booked' },
  INTERNAL: { code: status.INTERNAL, retry: false, booking: 'unknown' },
  ACCOUNT_LOCKED: { code: status.ABORTED, retry: true, booking: 'not_booked' },
  HISTORY_DIVERGED: { code: status.ABORTED, retry: false, booking: 'not_booked' },
  CLOCK_BEHIND: { code: status.UNAVAILABLE, retry: true, booking: 'not_booked' },
  ANSWER_TOO_LARGE: { code: status.INVALID_ARGUMENT, retry: false, booking: 'not_booked' },
  LIMIT_EXCEEDED: decided(status.FAILED_PRECONDITION),
};
