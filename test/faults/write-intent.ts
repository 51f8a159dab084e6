import type { BatchWriteRequest } from '@ledger/client';
import { rawCalls } from '../harness/raw-calls';
import type { RawCall } from '../harness/raw-client';
import { rawCallOf, requestIdOf, scopeOf as scopeOfWrite, type Write } from '../model/write';

/** A write in the journal. Only atomic batches are writes; other batches are just a way to send several writes. */
export type WriteIntent =
  Write | { readonly $case: 'batchWrite'; readonly value: BatchWriteRequest & { readonly atomic: true } };

/** No other write uses this amount. */
const STRANGE_AMOUNT = 987_654_321n;

/** The write as a call. */
export function callOf(intent: WriteIntent): RawCall {
  return intent.$case === 'batchWrite' ? rawCalls.batchWrite(intent.value) : rawCallOf(intent);
}

/** The namespace of the request id. */
export function scopeOf(intent: WriteIntent): string {
  return intent.$case === 'batchWrite' ? '@batch' : scopeOfWrite(intent);
}

/** A call with the same request id as a write, but with other content. */
export function otherUseOf(intent: Write): RawCall {
  if (intent.$case === 'putItem') {
    return rawCalls.putItem({ ...intent.value, price: intent.value.price + STRANGE_AMOUNT });
  }
  const requestId = requestIdOf(intent);
  return rawCalls.credit({ requestId, userId: scopeOfWrite(intent), asset: 'PEEP', amount: STRANGE_AMOUNT });
}
