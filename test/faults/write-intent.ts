import type { Random } from './random';

/** What a write is to do, before it has a request id. */
export type WriteIntent =
  | { readonly kind: 'credit'; readonly userId: string; readonly asset: string; readonly amount: bigint }
  | { readonly kind: 'payPrice'; readonly userId: string; readonly asset: string; readonly amount: bigint }
  | {
      readonly kind: 'buyItem';
      readonly userId: string;
      readonly itemId: string;
      readonly quantity: bigint;
      /** 0: the current one. */
      readonly priceVersion: bigint;
    }
  | PutItemIntent;

/** The next version of an item. */
export interface PutItemIntent {
  readonly kind: 'putItem';
  readonly itemId: string;
  readonly asset: string;
  readonly price: bigint;
  readonly active: boolean;
  readonly grantAsset: string;
}

export const UNKNOWN_ITEM = 'no-such-item';
export const USERS = ['ann', 'bob', 'cas', 'dee', 'eve', 'fay', 'gus', 'hal', 'ivy', 'jon'];
export const ASSETS = ['PEEP', 'GOLD', 'USD/2'];

const ITEMS = [
  { itemId: 'tea', asset: 'PEEP', grantAsset: '' },
  { itemId: 'map', asset: 'GOLD', grantAsset: '' },
  { itemId: 'coffee-coupon', asset: 'PEEP', grantAsset: 'COUPON:COFFEE' },
];

/** Nobody will ever have so much. */
const TOO_DEAR = 10n ** 15n;

/** The first version of every item. */
export function firstItems(random: Random): PutItemIntent[] {
  return ITEMS.map((item) => ({ kind: 'putItem', ...item, price: price(random), active: true }));
}

/**
 * One of the writes that a ledger sees. Some fail for want of funds, some because there is no such item.
 *
 * @param latestVersion of an item, as far as it is known
 */
export function drawWrite(random: Random, latestVersion: (itemId: string) => bigint): WriteIntent {
  const userId = random.pick(USERS);
  const asset = random.pick(ASSETS);
  const { itemId } = random.pick(ITEMS);
  const share = random.next();
  if (share < 0.45) return { kind: 'credit', userId, asset, amount: BigInt(random.integer(1, 400)) };
  if (share < 0.65) return { kind: 'payPrice', userId, asset, amount: BigInt(random.integer(1, 300)) };
  if (share < 0.68) return { kind: 'payPrice', userId, asset, amount: TOO_DEAR };
  if (share < 0.7) return { kind: 'buyItem', userId, itemId: UNKNOWN_ITEM, quantity: 1n, priceVersion: 0n };
  if (share < 0.95) {
    const priceVersion = random.chance(0.3) ? latestVersion(itemId) : 0n;
    return { kind: 'buyItem', userId, itemId, quantity: BigInt(random.integer(1, 5)), priceVersion };
  }
  return { kind: 'putItem', ...random.pick(ITEMS), price: price(random), active: random.chance(0.95) };
}

/** A write of the same user that means something else. */
export function otherThan(intent: WriteIntent): WriteIntent {
  switch (intent.kind) {
    case 'credit':
    case 'payPrice':
      return { ...intent, amount: intent.amount + 1n };
    case 'buyItem':
      return { ...intent, quantity: intent.quantity + 1n };
    case 'putItem':
      return { ...intent, price: intent.price + 1n };
  }
}

function price(random: Random): bigint {
  return BigInt(random.integer(1, 40));
}
