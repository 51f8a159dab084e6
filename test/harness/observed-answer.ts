import { status } from '@grpc/grpc-js';
import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { PutItemResponse } from '@ledger/proto/ledger/v1/catalog_service';
import { CreditResponse, PurchaseResponse } from '@ledger/proto/ledger/v1/ledger_service';
import type { ModelAnswer } from '../model/ledger-model';
import type { RandomCommand } from '../model/random-commands';
import type { RawAnswer } from './raw-client';

/** An answer of the server in the terms of the model. */
export function observedAnswer(kind: RandomCommand['kind'], answer: RawAnswer): ModelAnswer {
  const bytes = Buffer.from(answer.bytes, 'hex');
  if (answer.code === status.INVALID_ARGUMENT) return { type: 'malformed' };
  if (answer.code === status.ALREADY_EXISTS) return { type: 'reused' };
  if (answer.code !== status.OK) return { type: 'failed', ...reasonOf(bytes) };
  if (kind === 'put') {
    const { item } = PutItemResponse.decode(bytes);
    const { itemId, name, asset, price, active, grantAsset, version } = present(item);
    return { type: 'put', item: { itemId, name, asset, price, active, grantAsset, version } };
  }
  const response = kind === 'credit' ? CreditResponse.decode(bytes) : PurchaseResponse.decode(bytes);
  const { entries, item } = present(response.transaction);
  return {
    type: 'booked',
    entries: entries.map(({ userId, asset, sequence, change, balanceAfter }) => ({
      ...{ userId, asset, sequence, change, balanceAfter },
    })),
    balance: present(response.balance).balance,
    snapshot: item ?? null,
  };
}

function reasonOf(bytes: Buffer): { reason: string; metadata: Record<string, string> } {
  const [detail] = Status.decode(bytes).details;
  const { reason, metadata } = ErrorInfo.decode(present(detail).value);
  return { reason, metadata: Object.fromEntries(metadata) };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer lacks a part');
  return value;
}
