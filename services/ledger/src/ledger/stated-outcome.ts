import type { AccountView } from './outcome';
import type { Hold } from './hold';
import type { Item } from './item';
import type { Entry, TransactionHeader } from './transaction';

/** What a stored response says happened, in the terms of the core: for comparing it with the rows. */
export interface StatedOutcome {
  readonly transaction: StatedTransaction | null;
  /** As it was right after the request. */
  readonly hold: StatedHold | null;
  readonly item: StatedItem | null;
  /** The settings of an account right after the request. */
  readonly settings: StatedSettings | null;
  /** Why it failed; null: it succeeded. */
  readonly failure: { readonly code: number; readonly reason: string } | null;
}

/** A transaction as a response shows it. */
export interface StatedTransaction {
  readonly header: TransactionHeader;
  readonly entries: readonly Entry[];
}

/** A hold as a response shows it. */
export type StatedHold = Hold;

/** An item as a response shows it. */
export type StatedItem = Item;

/** The settings of an account as a response shows them. */
export type StatedSettings = Pick<AccountView, 'userId' | 'asset' | 'minBalance' | 'frozen'> & {
  readonly metadata: AccountView['settings']['metadata'];
  readonly etag: string;
};

/** Reads the stored response of a write, or any stored failure; null: it is not one that the ledger writes. */
export type OutcomeReader = (method: string, code: number, bytes: Buffer) => StatedOutcome | null;
