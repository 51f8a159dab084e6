import type { Balance, CallOptions, LedgerClient, Timestamp } from '@ledger/client';
import { translated } from '@ledger/kit/ledger/service-errors';
import { byColour, COLOURS, type Colour } from './colours';
import { forBooking } from './errors';
import type { Booking, Colours, Mix, Recipe } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';

/** The asset that a shop pays with. */
export const GOLD = 'GOLD';
/** Free room for ml. Incoming ml are debited from it, so that the ledger refuses what does not fit. */
export const FREE_ML = 'FREE_ML';
/** Free room for bottles, used in the same way. */
export const FREE_POTIONS = 'FREE_POTIONS';
/** The number of resets of a shop. */
export const ERA = 'ERA';
/** The prefix of the assets of a shop's daily allowances. */
export const QUOTA = 'QUOTA_';

/** The counterparty of all movements: wholesalers, customers, the cellar. */
export const WORLD = '@cauldrons';

/** The asset of the ml of a colour. */
export function mlAsset(colour: Colour): string {
  return `ML_${colour.toUpperCase()}`;
}

/** The asset of the bottles of a potion. */
export function potionAsset({ red, green, blue, dark }: Mix): string {
  return `POTION:${red}_${green}_${blue}_${dark}`;
}

/** Which stock to read, and as of when. */
export interface StockQuery {
  readonly shopId: string;
  /** The recipes whose bottles are counted. */
  readonly recipes: readonly Recipe[];
  /** The current stock when omitted. */
  readonly asOfTime?: Timestamp | undefined;
}

/** The stock of a shop at one instant. */
export interface Stock {
  readonly gold: bigint;
  readonly ml: Colours;
  /** Bottles by potion asset. */
  readonly potions: ReadonlyMap<string, bigint>;
  readonly freeMl: bigint;
  readonly freePotions: bigint;
  readonly era: bigint;
}

/** Reads the stock of a shop in one snapshot. */
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
 * Reads the accounts of a shop in one snapshot, except those of its daily allowances. The accounts are named, because
 * other systems may have booked other assets for the shop's user.
 *
 * @returns at most 32 balances, so that one transaction of 64 legs can move all of them
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

/** The current era of a shop. Carts end with the era in which they were created. */
export async function readEra(ledger: LedgerClient, shopId: string, options: CallOptions): Promise<bigint> {
  const { balance } = await ledger.getBalance({ userId: userOf(shopId), asset: ERA }, options);
  return balance.balance;
}

/** A change of a shop's accounts. */
export interface Movement {
  readonly shopId: string;
  /** What happened. The request id is made of `kind` and `id`, so each pair is booked once. */
  readonly kind: 'barrels' | 'bottles' | 'checkout' | 'capacity' | 'reset';
  /** The caller's id for it. */
  readonly id: string;
  /** Changes by asset. No balance may fall below zero. Changes of zero are skipped. */
  readonly changes: Readonly<Record<string, bigint>>;
  /** By asset: the sequence that its account must still have. */
  readonly expectedSequences?: Readonly<Record<string, bigint>>;
  readonly description: string;
  readonly metadata?: Readonly<Record<string, string>>;
  /** SKUs by potion asset, for the error that names what is sold out. */
  readonly skus?: ReadonlyMap<string, string>;
}

/**
 * Books a movement in one transaction, completely or not at all. Repeats do not book it again.
 *
 * @throws CallError for what the shop does not have, and for an id that was used for something else
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

/** The user id of a shop in the ledger, with a prefix because other systems share the ledger. */
export function userOf(shopId: string): string {
  return `cauldrons/${shopId}`;
}

/** The request id in the ledger, with a prefix because other systems share the ledger. */
export function requestIdOf(kind: Movement['kind'] | 'quota', id: string): string {
  return `cauldrons:${kind}:${id}`;
}
