import type { ItemSnapshot } from './item';

/** What a transaction is; the numbers are those of `ledger.v1.EntryKind` and are stored and hashed. */
export const EntryKind = {
  CREDIT: 1,
  PURCHASE: 2,
  TRANSFER: 3,
  POST: 4,
  REVERSAL: 5,
  CAPTURE: 6,
} as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** Free pairs of a caller, sorted by the UTF-8 bytes of their keys, so that equal metadata has one form. */
export type Metadata = readonly (readonly [key: string, value: string])[];

/** Brings pairs into their one form. */
export function sortedMetadata(pairs: ReadonlyMap<string, string>): Metadata {
  const entries = [...pairs];
  return entries.length < 2
    ? entries
    : entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** One account's line of a transaction. */
export interface Entry {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint;
  readonly change: bigint;
  /** Of a user within int64; a system account has no limit. */
  readonly balanceAfter: bigint;
  /** What was taken from the account (and stripe) so far, this entry included, as a positive number. No limit. */
  readonly debitsAfter: bigint;
  /** That of its transaction. */
  readonly effectiveTime: bigint | null;
  readonly hash: Buffer;
}

/** What of a transaction its digest covers, apart from its legs. */
export interface TransactionHeader {
  readonly transactionId: string;
  readonly kind: EntryKind;
  readonly userId: string;
  readonly requestId: string;
  /** The authenticated service that called; empty without authentication. */
  readonly caller: string;
  /** Microseconds since 1970. */
  readonly createTime: bigint;
  /** Microseconds since 1970, or null when the caller said nothing. */
  readonly effectiveTime: bigint | null;
  readonly description: string;
  readonly reference: string;
  readonly metadata: Metadata;
  readonly item: ItemSnapshot | null;
  readonly reversesTransactionId: string | null;
}

/** One atomic movement. */
export interface Transaction extends TransactionHeader {
  readonly digest: Buffer;
  readonly entries: readonly Entry[];
}

/** A transaction as it is written: a row in each cell that it touches. */
export interface BookedTransaction extends Transaction {
  readonly commitOrders: readonly CommitOrder[];
}

/**
 * Where a transaction stands in the history of a cell: the database transaction's xid, raised to that of the last entries
 * of its accounts there. So it never falls along an account's sequence, and below a snapshot's xmin nothing can be added
 * any more: the two facts that a change stream needs. Not hashed, since it says where rows are.
 */
export interface CommitOrder {
  readonly cell: number;
  readonly commitOrder: bigint;
}

/** The place of a transaction in a cell that it touches. */
export function commitOrderIn({ commitOrders }: BookedTransaction, cell: number): bigint {
  for (const order of commitOrders) if (order.cell === cell) return order.commitOrder;
  throw new RangeError(`the transaction does not touch cell ${cell}`);
}
