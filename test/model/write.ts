import type { BatchWriteItem, PutItemRequest, UpdateAccountRequest } from '@ledger/client';
import { rawCalls } from '../harness/raw-calls';
import type { RawCall } from '../harness/raw-client';

/** What a batch may hold. */
export type BatchableWrite = BatchWriteItem['write'];

/** A write of the ledger as it is sent; a batch of them is none itself. */
export type Write =
  | BatchableWrite
  | { readonly $case: 'putItem'; readonly value: PutItemRequest }
  | { readonly $case: 'updateAccount'; readonly value: UpdateAccountRequest };

/** The write as a call of its own. */
export function rawCallOf(write: Write): RawCall {
  switch (write.$case) {
    case 'credit':
      return rawCalls.credit(write.value);
    case 'purchase':
      return rawCalls.purchase(write.value);
    case 'transfer':
      return rawCalls.transfer(write.value);
    case 'postTransaction':
      return rawCalls.postTransaction(write.value);
    case 'reverseTransaction':
      return rawCalls.reverseTransaction(write.value);
    case 'placeHold':
      return rawCalls.placeHold(write.value);
    case 'captureHold':
      return rawCalls.captureHold(write.value);
    case 'releaseHold':
      return rawCalls.releaseHold(write.value);
    case 'putItem':
      return rawCalls.putItem(write.value);
    case 'updateAccount':
      return rawCalls.updateAccount(write.value);
  }
}

/** The namespace of its request id. */
export function scopeOf(write: Write): string {
  switch (write.$case) {
    case 'putItem':
      return '@catalog';
    case 'transfer':
      return write.value.fromUserId;
    default:
      return write.value.userId;
  }
}

export function requestIdOf({
  value,
}: {
  readonly value: { readonly requestId?: string | undefined };
}): string {
  if (value.requestId === undefined) throw new TypeError('the write has no request id');
  return value.requestId;
}

/** Unique in the whole ledger: the scope and the request id. */
export function keyOf(write: Write): string {
  return `${scopeOf(write)} ${requestIdOf(write)}`;
}

export function isBatchable<Any extends { readonly $case: string }>(
  write: Any,
): write is Any & BatchableWrite {
  return !['updateAccount', 'putItem', 'batchWrite'].includes(write.$case);
}

/** Equal for writes that mean the same: with defaults filled in, and without what an update mask leaves out. */
export function contentOf(write: Write): string {
  const fields: Record<string, unknown> = { ...write.value, requestId: undefined };
  if ('metadata' in write.value) fields['metadata'] = [...pairsOf(write.value.metadata)].sort();
  if (write.$case === 'credit') fields['source'] = orDefault(write.value.source, '@issuance');
  if (write.$case === 'purchase' || write.$case === 'placeHold') {
    fields['destination'] = orDefault(write.value.destination, '@revenue');
  }
  if (write.$case === 'updateAccount') {
    const { updateMask } = write.value;
    fields['updateMask'] = [...updateMask].sort();
    if (!updateMask.includes('min_balance')) delete fields['minBalance'];
    if (!updateMask.includes('frozen')) delete fields['frozen'];
    if (!updateMask.includes('metadata')) delete fields['metadata'];
  }
  return JSON.stringify([write.$case, fields], (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}

/** Whether its fields are within what the contract allows, of those that the generator varies. */
export function isWellFormed(write: Write): boolean {
  switch (write.$case) {
    case 'credit':
    case 'transfer':
    case 'placeHold':
      return write.value.amount >= 1n;
    case 'purchase': {
      const { subject } = write.value;
      return subject.$case === 'price' ? subject.value.amount >= 1n : subject.value.quantity >= 1n;
    }
    case 'postTransaction':
      return write.value.legs.every(({ change }) => change !== 0n);
    case 'putItem':
      return write.value.price >= 1n && write.value.grantAsset !== write.value.asset;
    case 'reverseTransaction':
    case 'captureHold':
    case 'releaseHold':
    case 'updateAccount':
      return true;
  }
}

/** An account of the system that may be left out. */
export function orDefault(userId: string | undefined, fallback: string): string {
  return userId === undefined || userId === '' ? fallback : userId;
}

function pairsOf(pairs: object | undefined): Iterable<[string, string]> {
  return pairs instanceof Map ? (pairs as Map<string, string>) : Object.entries(pairs ?? {});
}
