import type { Failure } from './failure';
import type { Item } from './item';
import type { Transaction } from './transaction';

/** A user's account right after a decision. */
export interface BalanceView {
  readonly userId: string;
  readonly asset: string;
  readonly balance: bigint;
  readonly held: bigint;
  readonly sequence: bigint;
  /** Microseconds since 1970, 0 before the first entry. */
  readonly lastEntryTime: bigint;
}

/** Value moved. */
export interface Posted {
  readonly type: 'posted';
  readonly transaction: Transaction;
  /** What may still be reversed of it. */
  readonly reversibleAmount: bigint;
  /** The accounts that the response shows. */
  readonly balances: readonly BalanceView[];
}

/** A version of an item was made. */
export interface ItemPut {
  readonly type: 'itemPut';
  readonly item: Item;
}

/** What a decision came to. Every one of these is stored and is the answer for ever. */
export type Outcome = Posted | ItemPut | Failure;
