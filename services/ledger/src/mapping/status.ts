import { status as GrpcCode } from '@grpc/grpc-js';
import { ErrorCodec } from '@ledger/kit/rpc/error-codec';
import type { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';

/** The names of `ErrorReason` that are sent. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

/** The errors of the ledger, as they are sent and stored. */
export const errorCodec = new ErrorCodec<Reason>({
  domain: 'ledger.v1',
  codes: {
    INVALID_FIELD: GrpcCode.INVALID_ARGUMENT,
    INSUFFICIENT_FUNDS: GrpcCode.FAILED_PRECONDITION,
    ACCOUNT_FROZEN: GrpcCode.FAILED_PRECONDITION,
    ITEM_INACTIVE: GrpcCode.FAILED_PRECONDITION,
    PRICE_CHANGED: GrpcCode.FAILED_PRECONDITION,
    HOLD_NOT_OPEN: GrpcCode.FAILED_PRECONDITION,
    CAPTURE_EXCEEDS_HOLD: GrpcCode.FAILED_PRECONDITION,
    REVERSAL_EXCEEDS_ORIGINAL: GrpcCode.FAILED_PRECONDITION,
    NOT_REVERSIBLE: GrpcCode.FAILED_PRECONDITION,
    AMOUNT_OVERFLOW: GrpcCode.OUT_OF_RANGE,
    ITEM_NOT_FOUND: GrpcCode.NOT_FOUND,
    TRANSACTION_NOT_FOUND: GrpcCode.NOT_FOUND,
    HOLD_NOT_FOUND: GrpcCode.NOT_FOUND,
    REQUEST_NOT_FOUND: GrpcCode.NOT_FOUND,
    REQUEST_ID_REUSED: GrpcCode.ALREADY_EXISTS,
    CONFLICT: GrpcCode.ABORTED,
    OVERLOADED: GrpcCode.RESOURCE_EXHAUSTED,
    STORE_UNAVAILABLE: GrpcCode.UNAVAILABLE,
    NOT_STARTED: GrpcCode.DEADLINE_EXCEEDED,
    INTERNAL: GrpcCode.INTERNAL,
  },
  resources: {
    ITEM_NOT_FOUND: ['ledger.v1.Item', 'item_id'],
    TRANSACTION_NOT_FOUND: ['ledger.v1.Transaction', 'transaction_id'],
    HOLD_NOT_FOUND: ['ledger.v1.Hold', 'hold_id'],
    REQUEST_NOT_FOUND: ['ledger.v1.Request', 'request_id'],
  },
  subjectKeys: ['user_id', 'asset', 'item_id', 'hold_id'],
});
