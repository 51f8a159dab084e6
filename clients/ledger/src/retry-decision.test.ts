import { status } from '@grpc/grpc-js';
import type { ErrorDetails } from './error-details';
import { decideRetry } from './retry-decision';

function because(reason: string): ErrorDetails {
  return { errorInfo: { reason, domain: 'ledger.v1', metadata: new Map() } };
}

it.each([
  // The ledger has decided.
  [status.INVALID_ARGUMENT, because('INVALID_FIELD'), false, 'decided'],
  [status.FAILED_PRECONDITION, because('INSUFFICIENT_FUNDS'), false, 'decided'],
  [status.FAILED_PRECONDITION, {}, false, 'decided'],
  [status.OUT_OF_RANGE, because('AMOUNT_OVERFLOW'), false, 'decided'],
  [status.NOT_FOUND, because('HOLD_NOT_FOUND'), false, 'decided'],
  [status.ALREADY_EXISTS, because('REQUEST_ID_REUSED'), false, 'decided'],
  [status.ABORTED, because('CONFLICT'), false, 'decided'],
  // It has not begun.
  [status.RESOURCE_EXHAUSTED, because('OVERLOADED'), true, 'not_booked'],
  [status.DEADLINE_EXCEEDED, because('NOT_STARTED'), true, 'not_booked'],
  [status.ABORTED, because('ACCOUNT_LOCKED'), true, 'not_booked'],
  [status.UNAVAILABLE, because('CLOCK_BEHIND'), true, 'not_booked'],
  [status.ABORTED, because('HISTORY_DIVERGED'), false, 'not_booked'],
  [status.UNAUTHENTICATED, {}, false, 'not_booked'],
  [status.PERMISSION_DENIED, {}, false, 'not_booked'],
  // It may have booked.
  [status.INTERNAL, because('OF_A_LATER_VERSION'), false, 'unknown'],
  [status.UNAVAILABLE, because('STORE_UNAVAILABLE'), true, 'unknown'],
  [status.INTERNAL, because('INTERNAL'), false, 'unknown'],
  [status.UNAVAILABLE, {}, true, 'unknown'],
  [status.CANCELLED, {}, true, 'unknown'],
  [status.DEADLINE_EXCEEDED, {}, true, 'unknown'],
  [status.INTERNAL, {}, true, 'unknown'],
  [status.UNKNOWN, {}, true, 'unknown'],
  [status.RESOURCE_EXHAUSTED, {}, false, 'unknown'],
  [status.RESOURCE_EXHAUSTED, { retryInfo: { retryDelay: undefined } }, true, 'unknown'],
  [status.UNIMPLEMENTED, {}, false, 'unknown'],
  [status.DATA_LOSS, {}, false, 'unknown'],
] as const)('code %i with %j: retry %s, booking %s', (code, details, retry, booking) => {
  expect(decideRetry(code, details)).toEqual({ retry, booking });
});
