import type { BatchWriteRequest, PutItemRequest } from '@ledger/client';
import type { LedgerWrite } from '../model/random-movements';
import { type RawCall } from '../harness/raw-client';
import { callOfMovement } from '../harness/told-answer';
import { rawCalls } from '../harness/raw-calls';

/** What one write is to do, with its request id. */
export type SingleWrite = LedgerWrite | { readonly $case: 'putItem'; readonly value: PutItemRequest };

/** A write as it is journaled. A batch is one when it is atomic: others are only a way to send their writes. */
export type WriteIntent =
  | SingleWrite
  | { readonly $case: 'batchWrite'; readonly value: BatchWriteRequest & { readonly atomic: true } };

/** What a batch may hold. */
export type BatchableWrite = Exclude<LedgerWrite, { readonly $case: 'updateAccount' }>;

/** Nobody else credits so much: an amount to tell a write from any other. */
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

/** The namespace of its request id. */
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

/** A call with the request id of a user's write that means something else. */
export function otherUseOf(intent: SingleWrite): RawCall {
  if (intent.$case === 'putItem') {
    return rawCalls.putItem({ ...intent.value, price: intent.value.price + STRANGE_AMOUNT });
  }
  const requestId = requestIdOf(intent);
  return rawCalls.credit({ requestId, userId: scopeOf(intent), asset: 'PEEP', amount: STRANGE_AMOUNT });
}
