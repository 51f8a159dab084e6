import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { PurchaseCommand } from '../../../services/ledger/src/ledger/writes/purchase';
import { PurchaseResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { timestampOf } from '../../../services/ledger/dist/mapping/messages';

/** What a design booked for a purchase. */
export interface BookedPurchase {
  readonly transactionId: string;
  /** Epoch micros. */
  readonly createTime: bigint;
  readonly amount: bigint;
  readonly asset: string;
  readonly sequence: bigint;
  readonly balance: bigint;
  readonly debits: bigint;
  readonly revenue: { readonly stripe: number; readonly sequence: bigint; readonly balance: bigint };
  readonly hash: Buffer;
}

/** The result of a purchase, in the form that the ledger returns. */
export function purchaseResult(command: PurchaseCommand, booked: BookedPurchase): CallResult {
  const { transactionId, asset, amount, sequence, balance, debits, revenue, hash } = booked;
  const createTime = timestampOf(booked.createTime);
  const common = { asset, transactionId, kind: 2, createTime, hash };
  const message = PurchaseResponse.fromPartial({
    transaction: {
      ...{ transactionId, kind: 2, userId: command.userId, requestId: command.requestId, createTime },
      entries: [
        {
          ...common,
          userId: command.userId,
          sequence,
          change: -amount,
          balanceAfter: balance,
          debitsAfter: debits,
        },
        {
          ...{ ...common, userId: command.destination, stripe: revenue.stripe, sequence: revenue.sequence },
          ...{ change: amount, balanceAfter: revenue.balance },
        },
      ],
      reversibleAmount: amount,
    },
    balance: { userId: command.userId, asset, balance, held: 0n, available: balance, sequence },
  });
  const bytes = Buffer.from(PurchaseResponse.encode(message).finish());
  return { code: 0, reason: '', replayed: false, batchSize: 1, bytes };
}
