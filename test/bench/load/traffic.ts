import {
  BatchWriteRequest,
  CreditRequest,
  GetBalanceRequest,
  ListEntriesRequest,
  PurchaseRequest,
  TransferRequest,
} from '@ledger/proto/ledger/v1/ledger_service';
import { chooser, seeded, type Distribution } from '../random';
import { ASSET, userOf } from '../users';
import { grpcFrame } from './http2-session';

/** Calls that are made from a seed. */
export interface Traffic {
  readonly kind: TrafficKind;
  readonly distribution: Distribution;
  /** The number of users to choose from. */
  readonly users: number;
  readonly seed: number;
  /** Makes the request ids of a run unique; at most 8 hexadecimal digits. */
  readonly run: number;
  /** Writes in one message, for batches. */
  readonly batchSize?: number;
}

/** One rpc, or a mixture: half purchases, and equal parts of credits, transfers, balances and pages. */
export type TrafficKind = 'purchase' | 'credit' | 'transfer' | 'balance' | 'page' | 'batch' | 'mixed';

/** A call that is ready to be sent. */
export interface PreparedCall {
  readonly method: Method;
  /** The message in its gRPC frame. */
  readonly message: Buffer;
  /** Bytes that every correct response contains: the request id of a write, the user of a read. */
  readonly mark: Buffer;
  /** The result reports latencies for each group. */
  readonly group: number;
  /** The number of writes in it; 1 for a read. */
  readonly operations: number;
}

/** The rpcs that are called, by their full paths. */
export const methods = {
  purchase: '/ledger.v1.LedgerService/Purchase',
  credit: '/ledger.v1.LedgerService/Credit',
  transfer: '/ledger.v1.LedgerService/Transfer',
  balance: '/ledger.v1.LedgerService/GetBalance',
  page: '/ledger.v1.LedgerService/ListEntries',
  batch: '/ledger.v1.LedgerService/BatchWrite',
} as const;
export type Method = keyof typeof methods;
type SingleMethod = Exclude<Method, 'batch'>;

/** Whether a kind writes. Each message of a write can be sent only once. */
export function writes(kind: TrafficKind): boolean {
  return kind !== 'balance' && kind !== 'page';
}

const MIXTURE: readonly SingleMethod[] = [
  ...(['purchase', 'purchase', 'purchase', 'purchase'] as const),
  ...(['credit', 'transfer', 'balance', 'page'] as const),
];

/** An endless sequence of calls. */
export function* callsOf(traffic: Traffic): Generator<PreparedCall> {
  const random = seeded(traffic.seed);
  const user = chooser(traffic.distribution, traffic.users, random);
  const run = traffic.run.toString(16).padStart(8, '0');
  let number = 0;
  const next = (): Parties => {
    number += 1;
    const first = user();
    const second = user();
    return {
      requestId: `${run}-d9cb-469f-a165-${number.toString(16).padStart(12, '0')}`,
      userId: userOf(first),
      otherId: userOf(second === first ? (first + 1) % traffic.users : second),
    };
  };
  for (;;) {
    if (traffic.kind === 'batch') {
      yield batchCall(Array.from({ length: traffic.batchSize ?? 1_000 }, next));
    } else if (traffic.kind === 'mixed') {
      yield singleCall(MIXTURE[Math.floor(random() * MIXTURE.length)] ?? 'purchase', next());
    } else {
      yield singleCall(traffic.kind, next());
    }
  }
}

interface Parties {
  readonly requestId: string;
  readonly userId: string;
  readonly otherId: string;
}

const price = { $case: 'price', value: { asset: ASSET, amount: 1n } } as const;

function singleCall(method: SingleMethod, { requestId, userId, otherId }: Parties): PreparedCall {
  switch (method) {
    case 'purchase': {
      const request = PurchaseRequest.fromPartial({ requestId, userId, subject: price });
      return prepared(method, PurchaseRequest.encode(request).finish(), requestId);
    }
    case 'credit': {
      const request = CreditRequest.fromPartial({ requestId, userId, asset: ASSET, amount: 1n });
      return prepared(method, CreditRequest.encode(request).finish(), requestId);
    }
    case 'transfer': {
      const parties = { requestId, fromUserId: userId, toUserId: otherId };
      const request = TransferRequest.fromPartial({ ...parties, asset: ASSET, amount: 1n });
      return prepared(method, TransferRequest.encode(request).finish(), requestId);
    }
    case 'balance': {
      const request = GetBalanceRequest.fromPartial({ userId, asset: ASSET });
      return prepared(method, GetBalanceRequest.encode(request).finish(), userId);
    }
    case 'page': {
      const request = ListEntriesRequest.fromPartial({ userId, asset: ASSET });
      return prepared(method, ListEntriesRequest.encode(request).finish(), userId);
    }
  }
}

function batchCall(parties: readonly Parties[]): PreparedCall {
  const items = parties.map(({ requestId, userId }) => {
    const value = PurchaseRequest.fromPartial({ requestId, userId, subject: price });
    return { write: { $case: 'purchase', value } } as const;
  });
  const request = BatchWriteRequest.fromPartial({ writes: items });
  const last = parties.at(-1)?.requestId ?? '';
  return prepared('batch', BatchWriteRequest.encode(request).finish(), last, { operations: items.length });
}

/** A call with its encoded message in a gRPC frame. */
export function prepared(
  method: Method,
  message: Uint8Array,
  mark: string,
  { operations = 1, group = 0 } = {},
): PreparedCall {
  return { method, message: grpcFrame(message), mark: Buffer.from(mark), group, operations };
}
