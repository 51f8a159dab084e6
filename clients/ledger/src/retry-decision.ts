import { status } from '@grpc/grpc-js';
import { type ErrorDetails, reasonOf } from './error-details';
import { type Booking, REASONS } from './reasons';

/** What to do after a failed attempt, and what the failure says about a write. */
export interface RetryDecision {
  /** Whether another attempt, always with the same request id, may end differently. */
  readonly retry: boolean;
  readonly booking: Booking;
}

/**
 * Decides whether to retry after a failed attempt: by the ledger's reason, or by the code where there is none. In doubt
 * the booking is `unknown`: a needless question costs little, but a booked write that is taken for one that was not may
 * be paid twice.
 */
export function decideRetry(code: number, details: ErrorDetails): RetryDecision {
  const reason = reasonOf(details);
  if (reason !== undefined) {
    const { retry, booking } = REASONS[reason];
    return { retry, booking };
  }
  if (decidedCodes.has(code)) return { retry: false, booking: 'decided' };
  if (notAdmittedCodes.has(code)) return { retry: false, booking: 'not_booked' };
  const isLost = lostResponseCodes.has(code) && details.errorInfo === undefined;
  return { retry: isLost || details.retryInfo !== undefined, booking: 'unknown' };
}

/** Codes by which the ledger refuses a request that it has looked at. The transport makes none of them. */
const decidedCodes: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
]);

/** Codes of a caller that is not let in. */
const notAdmittedCodes: ReadonlySet<number> = new Set([status.UNAUTHENTICATED, status.PERMISSION_DENIED]);

/** Codes that the transport makes when a response is lost. */
const lostResponseCodes: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);
