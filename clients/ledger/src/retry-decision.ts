import { status } from '@grpc/grpc-js';
import { type ErrorDetails, reasonOf } from './error-details';

/** What to do after a failed attempt, and what the failure says about a write. */
export interface RetryDecision {
  /** Whether another attempt, always with the same request id, may end differently. */
  readonly retry: boolean;
  /**
   * `decided`: the outcome of the write is known, for earlier attempts as well. `not_booked`: this attempt booked
   * nothing, an earlier one may have. `unknown`: this attempt may have booked it.
   */
  readonly booking: 'decided' | 'not_booked' | 'unknown';
}

/**
 * Decides whether to retry after a failed attempt. In doubt the booking is `unknown`: a needless question costs
 * little, but a booked write that is taken for one that was not may be paid twice.
 */
export function decideRetry(code: number, details: ErrorDetails): RetryDecision {
  if (decidedCodes.has(code)) return { retry: false, booking: 'decided' };
  if (notAdmittedCodes.has(code)) return { retry: false, booking: 'not_booked' };
  switch (reasonOf(details)) {
    case 'OVERLOADED':
    case 'NOT_STARTED':
      return { retry: true, booking: 'not_booked' };
    case 'STORE_UNAVAILABLE':
      return { retry: true, booking: 'unknown' };
    case undefined:
      return { retry: lostResponseCodes.has(code) || details.retryInfo !== undefined, booking: 'unknown' };
    default:
      return { retry: false, booking: 'unknown' };
  }
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

/** Codes that the transport makes when a response is lost. From the ledger itself they carry a reason. */
const lostResponseCodes: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);
