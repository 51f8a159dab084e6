import { status } from '@grpc/grpc-js';
import { type ErrorDetails, reasonOf } from './error-details';

/** What a failed attempt means for the call. */
export interface Verdict {
  /** Whether another attempt may end otherwise. Only ever with the same request id. */
  readonly retry: boolean;
  /**
   * What it says about a write. `decided`: the request's outcome is known, for earlier attempts as well.
   * `not_booked`: this attempt booked nothing, an earlier one may have. `unknown`: this one may have.
   */
  readonly booking: 'decided' | 'not_booked' | 'unknown';
}

/** Codes of an outcome: the ledger looked at the request and said no. The transport makes none of them. */
const decidedCodes: ReadonlySet<number> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.ABORTED,
  status.OUT_OF_RANGE,
]);

/** Codes that stop a call at the door. */
const refusedCodes: ReadonlySet<number> = new Set([status.UNAUTHENTICATED, status.PERMISSION_DENIED]);

/** Codes that the transport makes when an answer is lost; from the ledger itself they carry a reason. */
const lostAnswerCodes: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

/**
 * Judges a failed attempt. When in doubt the booking is `unknown`: to ask again is cheap, to take a booked
 * write for one that was not is dear.
 */
export function judge(code: number, details: ErrorDetails): Verdict {
  if (decidedCodes.has(code)) return { retry: false, booking: 'decided' };
  if (refusedCodes.has(code)) return { retry: false, booking: 'not_booked' };
  switch (reasonOf(details)) {
    case 'OVERLOADED':
    case 'NOT_STARTED':
      return { retry: true, booking: 'not_booked' };
    case 'STORE_UNAVAILABLE':
      return { retry: true, booking: 'unknown' };
    case undefined:
      return { retry: lostAnswerCodes.has(code) || details.retryInfo !== undefined, booking: 'unknown' };
    default:
      return { retry: false, booking: 'unknown' };
  }
}
