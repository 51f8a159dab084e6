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
export type Command = CreditCommand | PurchaseCommand | PutItemCommand;

/** The scope of the catalog's requests. */
export const CATALOG_SCOPE = '@catalog';

/** Where credits come from unless said otherwise. */
export const ISSUANCE_ACCOUNT = '@issuance';

/** Where purchases go to unless said otherwise. */
export const REVENUE_ACCOUNT = '@revenue';
