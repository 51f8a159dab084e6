import type { Balance, CallOptions, LedgerClient, Timestamp } from '@ledger/client';
import { translated } from '@ledger/kit/rpc/service-error';
import { byColour, COLOURS, type Colour } from './colours';
import { forBooking } from './errors';
import type { Booking, Colours, Mix, Recipe } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';

/** What a shop pays with. */
export const GOLD = 'GOLD';
/** Room for ml: what comes in takes from it, so that the ledger refuses what does not fit. */
export const FREE_ML = 'FREE_ML';
/** Room for bottles, likewise. */
export const FREE_POTIONS = 'FREE_POTIONS';
/** How often a shop was reset. */
export const ERA = 'ERA';
/** What the names of a shop's daily allowances begin with. */
export const QUOTA = 'QUOTA_';

/** Where everything comes from and goes to: wholesalers, customers, the cellar. */
export const WORLD = '@cauldrons';

/** The ml of a colour. */
export function mlAsset(colour: Colour): string {
  return `ML_${colour.toUpperCase()}`;
}

/** The bottles of a potion. */
export function potionAsset({ red, green, blue, dark }: Mix): string {
  return `POTION:${red}_${green}_${blue}_${dark}`;
}

/** Whose stock, and when. */
export interface StockQuery {
  readonly shopId: string;
  /** Whose bottles are counted. */
  readonly recipes: readonly Recipe[];
  /** Absent: now. */
  readonly asOfTime?: Timestamp | undefined;
}

/** What a shop has at one instant. */
export interface Stock {
  readonly gold: bigint;
  readonly ml: Colours;
  /** By potionAsset. */
  readonly potions: ReadonlyMap<string, bigint>;
  readonly freeMl: bigint;
  readonly freePotions: bigint;
  readonly era: bigint;
}

/** Reads a shop in one snapshot. */
export async function readStock(
  ledger: LedgerClient,
  query: StockQuery,
  options: CallOptions,
): Promise<Stock> {
  const balances = await readBalances(ledger, query, options);
  const amounts = new Map(balances.map(({ asset, balance }) => [asset, balance]));
  const amount = (asset: string): bigint => amounts.get(asset) ?? 0n;
  return {
    gold: amount(GOLD),
    ml: byColour((colour) => amount(mlAsset(colour))),
    potions: new Map(query.recipes.map(assetOf).map((asset) => [asset, amount(asset)])),
    freeMl: amount(FREE_ML),
    freePotions: amount(FREE_POTIONS),
    era: amount(ERA),
  };
}

/**
 * Reads the accounts of a shop in one snapshot, those of its daily allowances left out. By name: what other systems give
 * the shop's user is not the shop's.
 *
 * @returns 32 at most, so that a transaction of 64 legs can move all of them
 */
export async function readBalances(
  ledger: LedgerClient,
  { shopId, recipes, asOfTime }: StockQuery,
  options: CallOptions,
): Promise<Balance[]> {
  const assets = [GOLD, FREE_ML, FREE_POTIONS, ERA, ...COLOURS.map(mlAsset), ...recipes.map(assetOf)];
  const accounts = assets.map((asset) => ({ userId: userOf(shopId), asset }));
  const { balances } = await ledger.batchGetBalances({ accounts, asOfTime }, options);
  return balances;
}

function assetOf({ mix }: Recipe): string {
  return potionAsset(present(mix));
}

/** The era of a shop: carts end with the one that they were made in. */
export async function readEra(ledger: LedgerClient, shopId: string, options: CallOptions): Promise<bigint> {
  const { balance } = await ledger.getBalance({ userId: userOf(shopId), asset: ERA }, options);
  return balance.balance;
}

/** What a shop gets and gives. */
export interface Movement {
  readonly shopId: string;
  /** What happened, under the caller's id for it. Of these two the request id is made: once for ever. */
  readonly kind: 'barrels' | 'bottles' | 'checkout' | 'capacity' | 'reset';
  readonly id: string;
  /** By asset; none of it may take a balance below zero. Zeros are left out. */
  readonly changes: Readonly<Record<string, bigint>>;
  /** By asset: where its account must still be. */
  readonly expectedSequences?: Readonly<Record<string, bigint>>;
  readonly description: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** SKUs by potion asset, to say what is sold out. */
  readonly skus?: ReadonlyMap<string, string>;
}

/**
 * Books a movement as one transaction, once: all of it or nothing.
 *
 * @throws ServiceError for what the shop does not have, and for an id that was used for something else
 */
export async function book(ledger: LedgerClient, movement: Movement, options: CallOptions): Promise<Booking> {
  const { shopId, kind, id, changes, expectedSequences = {}, description, metadata = {}, skus } = movement;
  const moved = Object.entries(changes).filter(([, change]) => change !== 0n);
  const request = {
    requestId: requestIdOf(kind, id),
    userId: userOf(shopId),
    legs: moved.flatMap(([asset, change]) => [
      { userId: userOf(shopId), asset, change, expectedSequence: expectedSequences[asset] },
      { userId: WORLD, asset, change: -change },
    ]),
    description,
    reference: id,
    metadata,
  };
  try {
    const { transaction } = await ledger.postTransaction(request, options);
    return { transactionId: transaction.transactionId, createTime: transaction.createTime };
  } catch (error) {
    throw translated(error, forBooking(id, skus ?? new Map<string, string>()));
  }
}

/** How the ledger knows a shop; its users are those of other systems as well. */
export function userOf(shopId: string): string {
  return `cauldrons/${shopId}`;
}

/** How the ledger knows what happened; its request ids are those of other systems as well. */
export function requestIdOf(kind: Movement['kind'] | 'quota', id: string): string {
  return `cauldrons:${kind}:${id}`;
}
