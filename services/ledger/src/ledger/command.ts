import type { Metadata } from './transaction';

/** What every write has: who owns it, how it is recognised, and what its content was. */
interface CommandBase {
  /** The owning user, `@catalog` or `@batch`; request ids are unique within it. */
  readonly scope: string;
  readonly requestId: string;
  /** The authenticated service that called; empty without authentication. Not part of the content. */
  readonly caller: string;
}

/** What a caller may say about a movement. */
export interface Annotations {
  readonly description: string;
  readonly reference: string;
  readonly metadata: Metadata;
  /** Microseconds since 1970. */
  readonly effectiveTime: bigint | null;
}

/** Value comes in from a system account. */
export interface CreditCommand extends CommandBase, Annotations {
  readonly kind: 'Credit';
  readonly userId: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly source: string;
}

/** What a purchase pays for: an item of the catalog, or a price that the caller knows. */
export type PurchaseSubject =
  | { readonly by: 'item'; readonly itemId: string; readonly quantity: bigint; readonly priceVersion: bigint }
  | { readonly by: 'price'; readonly asset: string; readonly amount: bigint; readonly itemId: string };

/** A user pays a system account. */
export interface PurchaseCommand extends CommandBase, Annotations {
  readonly kind: 'Purchase';
  readonly userId: string;
  readonly subject: PurchaseSubject;
  readonly destination: string;
}

/** From one user to another. */
export interface TransferCommand extends CommandBase, Annotations {
  readonly kind: 'Transfer';
  /** The sender, who owns it. */
  readonly userId: string;
  readonly toUserId: string;
  readonly asset: string;
  readonly amount: bigint;
}

/** One account's part of a free movement. */
export interface CommandLeg {
  readonly userId: string;
  readonly asset: string;
  /** Signed, not zero. */
  readonly change: bigint;
  /** The sequence that the account must still have, or null. */
  readonly expectedSequence: bigint | null;
}

/** A free movement: the legs sum to zero per asset, each of another account. */
export interface PostTransactionCommand extends CommandBase, Annotations {
  readonly kind: 'PostTransaction';
  readonly userId: string;
  readonly legs: readonly CommandLeg[];
}

/** Takes a transaction back. */
export interface ReverseTransactionCommand extends CommandBase {
  readonly kind: 'ReverseTransaction';
  readonly userId: string;
  readonly transactionId: string;
  /** 0: all that is left. */
  readonly amount: bigint;
  readonly description: string;
}

/** Sets an amount aside. */
export interface PlaceHoldCommand extends CommandBase {
  readonly kind: 'PlaceHold';
  readonly userId: string;
  readonly asset: string;
  readonly amount: bigint;
  /** Microseconds since 1970; null: never. */
  readonly expireTime: bigint | null;
  readonly destination: string;
}

/** Pays a hold. */
export interface CaptureHoldCommand extends CommandBase {
  readonly kind: 'CaptureHold';
  readonly userId: string;
  readonly holdId: string;
  /** 0: all of it. */
  readonly amount: bigint;
}

/** Gives a hold up. */
export interface ReleaseHoldCommand extends CommandBase {
  readonly kind: 'ReleaseHold';
  readonly userId: string;
  readonly holdId: string;
}

/** New settings of an account; null leaves one as it is. */
export interface UpdateAccountCommand extends CommandBase {
  readonly kind: 'UpdateAccount';
  readonly userId: string;
  readonly asset: string;
  readonly minBalance: bigint | null;
  readonly frozen: boolean | null;
  readonly metadata: Metadata | null;
  /** Empty: no guard. */
  readonly etag: string;
}

/** A new version of an item. */
export interface PutItemCommand extends CommandBase {
  readonly kind: 'PutItem';
  readonly itemId: string;
  readonly name: string;
  readonly asset: string;
  readonly price: bigint;
  readonly active: boolean;
  readonly grantAsset: string;
  /** 0: no guard. */
  readonly expectedVersion: bigint;
}

/** Every write there is. `kind` is the name of its rpc. */
export type Command =
  | CreditCommand
  | PurchaseCommand
  | TransferCommand
  | PostTransactionCommand
  | ReverseTransactionCommand
  | PlaceHoldCommand
  | CaptureHoldCommand
  | ReleaseHoldCommand
  | UpdateAccountCommand
  | PutItemCommand;

/** The scope of the catalog's requests. */
export const CATALOG_SCOPE = '@catalog';

/** The scope of atomic batches. */
export const BATCH_SCOPE = '@batch';

/** Where credits come from unless said otherwise. */
export const ISSUANCE_ACCOUNT = '@issuance';

/** Where purchases go to unless said otherwise. */
export const REVENUE_ACCOUNT = '@revenue';
