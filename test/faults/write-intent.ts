import type { BatchWriteRequest, PutItemRequest } from '@ledger/client';
import type { LedgerWrite } from '../model/random-movements';
import type { RawCall } from '../harness/raw-client';
import { callOfMovement } from '../harness/told-answer';
import { rawCalls } from '../harness/raw-calls';

/** A write that is not a batch, with its request id. */
export type SingleWrite = LedgerWrite | { readonly $case: 'putItem'; readonly value: PutItemRequest };

/** A write in the journal. Only atomic batches are writes; other batches are just a way to send several writes. */
export type WriteIntent =
  | SingleWrite
  | { readonly $case: 'batchWrite'; readonly value: BatchWriteRequest & { readonly atomic: true } };

/** A write that a batch may contain. */
export type BatchableWrite = Exclude<LedgerWrite, { readonly $case: 'updateAccount' }>;

/** No other write uses this amount. */
const STRANGE_AMOUNT = 987_654_321n;

/** The write as a call. */
export function callOf(intent: WriteIntent): RawCall {
  switch (intent.$case) {
    case 'putItem':
      return rawCalls.putItem(intent.value);
    case 'batchWrite':
      return rawCalls.batchWrite(intent.value);
    default:
      return callOfMovement(intent);
  }
}

/** The namespace of the request id. */
export function scopeOf(intent: WriteIntent): string {
  switch (intent.$case) {
    case 'putItem':
      return '@catalog';
    case 'batchWrite':
      return '@batch';
    case 'transfer':
      return intent.value.fromUserId;
    default:
      return intent.value.userId;
  }
}

export function requestIdOf({ value }: WriteIntent): string {
  if (value.requestId === undefined) throw new TypeError('the write has no request id');
  return value.requestId;
}

export function isBatchable(intent: WriteIntent): intent is BatchableWrite {
  return !['updateAccount', 'putItem', 'batchWrite'].includes(intent.$case);
}

/** A call with the same request id as a write, but with other content. */
export function otherUseOf(intent: SingleWrite): RawCall {
  if (intent.$case === 'putItem') {
    return rawCalls.putItem({ ...intent.value, price: intent.value.price + STRANGE_AMOUNT });
  }
  const requestId = requestIdOf(intent);
  return rawCalls.credit({ requestId, userId: scopeOf(intent), asset: 'PEEP', amount: STRANGE_AMOUNT });
}
