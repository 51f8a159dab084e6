import type { AccountSettings } from './account';
import type { Failure } from './failure';
import type { Hold } from './hold';
import type { Item } from './item';
import type { BookedTransaction } from './transaction';

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
  readonly transaction: BookedTransaction;
  /** What may still be reversed of it. */
  readonly reversibleAmount: bigint;
  /** The accounts that the response shows. */
  readonly balances: readonly BalanceView[];
}

/** A hold was placed, paid or given up. */
export interface HoldMoved {
  readonly type: 'hold';
  readonly hold: Hold;
  /** What was booked, for a capture. */
  readonly transaction: BookedTransaction | null;
  readonly balance: BalanceView;
}

/** An account and its settings right after a decision. */
export interface AccountView {
  readonly userId: string;
  readonly asset: string;
  readonly balance: bigint;
  readonly held: bigint;
  readonly sequence: bigint;
  readonly minBalance: bigint;
  readonly frozen: boolean;
  readonly settings: AccountSettings;
  /** Microseconds since 1970; 0 for an account that was never written. */
  readonly createTime: bigint;
}

/** Settings were changed. */
export interface AccountUpdated {
  readonly type: 'account';
  readonly account: AccountView;
}

/** A version of an item was made. */
export interface ItemPut {
  readonly type: 'itemPut';
  readonly item: Item;
}

/** What a decision came to. Every one of these is stored and is the answer for ever. */
export type Outcome = Posted | HoldMoved | AccountUpdated | ItemPut | Failure;
