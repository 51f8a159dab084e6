/** One version of something with a price. Never changed once made. */
export interface Item {
  readonly itemId: string;
  readonly version: bigint;
  readonly name: string;
  /** What it is paid with. */
  readonly asset: string;
  /** Price of one, in the asset's smallest unit; at least 1. */
  readonly price: bigint;
  readonly active: boolean;
  /** What a purchase credits to the buyer, one per piece; empty: nothing. */
  readonly grantAsset: string;
  /** Microseconds since 1970. */
  readonly createTime: bigint;
}

/** What a transaction keeps of the item that was paid for. */
export interface ItemSnapshot {
  readonly itemId: string;
  readonly name: string;
  /** 0 for a purchase by price. */
  readonly priceVersion: bigint;
  readonly unitPrice: bigint;
  readonly quantity: bigint;
}
