import type { Duration } from '@ledger/proto/google/protobuf/duration';
import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
import type {
  EntryKind,
  Balance,
  Entry,
  Hold,
  ItemSnapshot,
  Transaction,
} from '@ledger/proto/ledger/v1/ledger';
import type { Account } from '@ledger/proto/ledger/v1/account_service';
import type { Item } from '@ledger/proto/ledger/v1/catalog_service';
import { etagOf } from '../ledger/account';
import type { Hold as LedgerHold } from '../ledger/hold';
import type { Item as LedgerItem } from '../ledger/item';
import { fitsInt64, saturated } from '../ledger/money';
import type { AccountView, BalanceView, Outcome } from '../ledger/outcome';
import type { CaptureHoldResponse, PostTransactionResponse } from '@ledger/proto/ledger/v1/ledger_service';

import type * as ledger from '../ledger/transaction';

/** Domain values as messages of the contract. */

/** A time of the ledger, in microseconds since 1970. */
export function timestampOf(micros: bigint): Timestamp {
  let seconds = micros / 1_000_000n;
  let rest = micros % 1_000_000n;
  if (rest < 0n) {
    rest += 1_000_000n;
    seconds -= 1n;
  }
  return { seconds, nanos: Number(rest) * 1000 };
}

/** A length of time, not negative, in microseconds. */
export function durationOf(micros: bigint): Duration {
  return { seconds: micros / 1_000_000n, nanos: Number(micros % 1_000_000n) * 1000 };
}

/** A transaction with all its entries. */
export function transactionMessage(transaction: ledger.Transaction, reversibleAmount: bigint): Transaction {
  const createTime = timestampOf(transaction.createTime);
  return {
    transactionId: transaction.transactionId,
    kind: kindOf(transaction.kind),
    userId: transaction.userId,
    requestId: transaction.requestId,
    caller: transaction.caller,
    createTime,
    effectiveTime: transaction.effectiveTime === null ? undefined : timestampOf(transaction.effectiveTime),
    description: transaction.description,
    reference: transaction.reference,
    metadata: new Map(transaction.metadata),
    entries: transaction.entries.map((entry) => entryMessage(entry, transaction, createTime)),
    item: transaction.item === null ? undefined : snapshotMessage(transaction.item),
    reversesTransactionId: transaction.reversesTransactionId ?? '',
    reversibleAmount,
  };
}

/** An entry of a transaction. */
export function entryMessage(
  entry: ledger.Entry,
  { transactionId, kind }: { transactionId: string; kind: ledger.EntryKind },
  createTime: Timestamp,
): Entry {
  const { userId, asset, stripe, sequence, change, balanceAfter, debitsAfter, effectiveTime, hash } = entry;
  return {
    userId,
    asset,
    stripe,
    sequence,
    transactionId,
    kind: kindOf(kind),
    change,
    balanceAfter: saturated(balanceAfter),
    createTime,
    hash,
    debitsAfter: saturated(debitsAfter),
    effectiveTime: effectiveTime === null ? undefined : timestampOf(effectiveTime),
    exactBalanceAfter: beyondInt64(balanceAfter),
    exactDebitsAfter: beyondInt64(debitsAfter),
  };
}

/** The exact form of a sum that int64 cannot hold; empty for others. */
function beyondInt64(amount: bigint): string {
  return fitsInt64(amount) ? '' : amount.toString();
}

/** A balance as it is now. */
export function balanceMessage(view: BalanceView): Balance {
  const { userId, asset, balance, held, sequence, lastEntryTime } = view;
  return {
    userId,
    asset,
    balance: saturated(balance),
    held,
    available: saturated(balance - held),
    sequence,
    updateTime: lastEntryTime === 0n ? undefined : timestampOf(lastEntryTime),
    exactBalance: beyondInt64(balance),
  };
}

/** A balance as it was: what was held then is not kept. */
export function pastBalanceMessage(past: Omit<BalanceView, 'held'>): Balance {
  return { ...balanceMessage({ ...past, held: 0n }), held: undefined, available: undefined };
}

/** A hold as it stands. */
export function holdMessage(hold: LedgerHold): Hold {
  return {
    holdId: hold.holdId,
    userId: hold.userId,
    asset: hold.asset,
    amount: hold.amount,
    capturedAmount: hold.capturedAmount,
    destination: hold.destination,
    state: hold.state,
    expireTime: hold.expireTime === null ? undefined : timestampOf(hold.expireTime),
    createTime: timestampOf(hold.createTime),
    updateTime: timestampOf(hold.updateTime),
  };
}

/** An account with its settings. */
export function accountMessage(view: AccountView): Account {
  const { userId, asset, balance, held, sequence, minBalance, frozen, settings, createTime } = view;
  return {
    userId,
    asset,
    balance: saturated(balance),
    held,
    available: saturated(balance - held),
    sequence,
    minBalance,
    frozen,
    metadata: new Map(settings.metadata),
    etag: etagOf(settings),
    createTime: createTime === 0n ? undefined : timestampOf(createTime),
    updateTime: settings.updateTime === 0n ? undefined : timestampOf(settings.updateTime),
    exactBalance: beyondInt64(balance),
  };
}

/** A version of an item. */
export function itemMessage(item: LedgerItem): Item {
  return { ...item, createTime: timestampOf(item.createTime) };
}

/** The bytes of an encoded message, without a copy. */
export function bytesOf(encoded: { finish(): Uint8Array }): Buffer {
  const array = encoded.finish();
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function snapshotMessage(item: NonNullable<ledger.Transaction['item']>): ItemSnapshot {
  return { ...item };
}

/** The numbers are the same: a test compares the two enums. */
function kindOf(kind: ledger.EntryKind): EntryKind {
  return kind;
}

/** Outcomes as the parts that the responses of several writes have in common. */

/** The transaction and its first balance. */
export function transactionAndBalance(outcome: Outcome): {
  transaction: PostTransactionResponse['transaction'];
  balance: PostTransactionResponse['balances'][number] | undefined;
} {
  const { transaction, balances } = transactionAndBalances(outcome);
  return { transaction, balance: balances[0] };
}

/** The transaction and all balances. */
export function transactionAndBalances(outcome: Outcome): PostTransactionResponse {
  if (outcome.type !== 'posted') throw new TypeError(`a transaction was expected, not ${outcome.type}`);
  return {
    transaction: transactionMessage(outcome.transaction, outcome.reversibleAmount),
    balances: outcome.balances.map(balanceMessage),
  };
}

/** The hold, what was booked for it, and the balance. */
export function holdAndBalance(outcome: Outcome): CaptureHoldResponse {
  if (outcome.type !== 'hold') throw new TypeError(`a hold was expected, not ${outcome.type}`);
  const { hold, transaction, balance } = outcome;
  return {
    hold: holdMessage(hold),
    transaction: transaction === null ? undefined : transactionMessage(transaction, hold.capturedAmount),
    balance: balanceMessage(balance),
  };
}
