import { ErrorCodec } from '@ledger/kit/rpc/error-codec';
import type { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';

/** The names of `ErrorReason` that are sent. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

/** The errors of the ledger, as they are sent and stored. */
export const errorCodec = new ErrorCodec<Reason>({
  domain: 'ledger.v1',
  codes: {
    INVALID_FIELD: 'INVALID_ARGUMENT',
    INSUFFICIENT_FUNDS: 'FAILED_PRECONDITION',
    ACCOUNT_FROZEN: 'FAILED_PRECONDITION',
    ITEM_INACTIVE: 'FAILED_PRECONDITION',
    PRICE_CHANGED: 'FAILED_PRECONDITION',
    HOLD_NOT_OPEN: 'FAILED_PRECONDITION',
    CAPTURE_EXCEEDS_HOLD: 'FAILED_PRECONDITION',
    REVERSAL_EXCEEDS_ORIGINAL: 'FAILED_PRECONDITION',
    NOT_REVERSIBLE: 'FAILED_PRECONDITION',
    AMOUNT_OVERFLOW: 'OUT_OF_RANGE',
    ITEM_NOT_FOUND: 'NOT_FOUND',
    TRANSACTION_NOT_FOUND: 'NOT_FOUND',
    HOLD_NOT_FOUND: 'NOT_FOUND',
    REQUEST_NOT_FOUND: 'NOT_FOUND',
    REQUEST_ID_REUSED: 'ALREADY_EXISTS',
    CONFLICT: 'ABORTED',
    OVERLOADED: 'RESOURCE_EXHAUSTED',
    STORE_UNAVAILABLE: 'UNAVAILABLE',
    NOT_STARTED: 'DEADLINE_EXCEEDED',
    INTERNAL: 'INTERNAL',
    ACCOUNT_LOCKED: 'ABORTED',
    HISTORY_DIVERGED: 'ABORTED',
    CLOCK_BEHIND: 'UNAVAILABLE',
    ANSWER_TOO_LARGE: 'INVALID_ARGUMENT',
    LIMIT_EXCEEDED: 'FAILED_PRECONDITION',
  },
  resources: {
    ITEM_NOT_FOUND: ['ledger.v1.Item', 'item_id'],
    TRANSACTION_NOT_FOUND: ['ledger.v1.Transaction', 'transaction_id'],
    HOLD_NOT_FOUND: ['ledger.v1.Hold', 'hold_id'],
    REQUEST_NOT_FOUND: ['ledger.v1.Request', 'request_id'],
  },
  retried: ['ACCOUNT_LOCKED'],
  subjectKeys: ['user_id', 'asset', 'item_id', 'hold_id'],
});
