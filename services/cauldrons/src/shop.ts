import {
  type Balance,
  type CallOptions,
  ErrorReason,
  type LedgerClient,
  type Timestamp,
} from '@ledger/client';
import { invalidFields, ServiceError } from '@ledger/kit/rpc/service-error';
import type { Handlers } from '@ledger/kit/rpc/unary-service';
import { totalMl } from './colours';
import { shopChanged, shopFrozen, shopHeld } from './errors';
import type { Booking, CauldronsServiceService, Recipe } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';
import type { RecipeStore } from './recipe-store';
import {
  book,
  ERA,
  FREE_ML,
  FREE_POTIONS,
  GOLD,
  type Movement,
  potionAsset,
  QUOTA,
  readBalances,
  readStock,
  requestIdOf,
  userOf,
  WORLD,
} from './shop-account';

/** What a shop begins with. All else is zero. */
const BEGINNING: Readonly<Record<string, bigint>> = {
  [GOLD]: 100n,
  [FREE_ML]: 10_000n,
  [FREE_POTIONS]: 50n,
};

/** A unit of capacity, of which a shop begins with one of each kind. */
const ML_PER_UNIT = 10_000n;
const POTIONS_PER_UNIT = 50n;
const GOLD_PER_UNIT = 1_000n;
/** Of each kind. */
const UNITS_PER_DAY = 10n;

type ShopMethods = Pick<Handlers<typeof CauldronsServiceService>, 'buyCapacity' | 'getAudit' | 'resetShop'>;

/** A shop as a whole. */
export function shopMethods(recipes: RecipeStore, ledger: LedgerClient): ShopMethods {
  return {
    async buyCapacity({ shopId, orderId, day, potionUnits, mlUnits }, call) {
      const quotas = { [quota('POTIONS', day)]: potionUnits, [quota('ML', day)]: mlUnits };
      const needed = Object.entries(quotas).filter(([, units]) => units > 0n);
      await Promise.all(needed.map(([asset]) => grantQuota(ledger, shopId, asset, call.ledgerOptions())));
      const goldPaid = (potionUnits + mlUnits) * GOLD_PER_UNIT;
      const changes = {
        [GOLD]: -goldPaid,
        ...Object.fromEntries(needed.map(([asset, units]) => [asset, -units])),
        [FREE_POTIONS]: potionUnits * POTIONS_PER_UNIT,
        [FREE_ML]: mlUnits * ML_PER_UNIT,
      };
      const description = `bought ${potionUnits + mlUnits} units of capacity`;
      const purchase = { shopId, kind: 'capacity', id: orderId, changes, description } as const;
      return { booking: await book(ledger, purchase, call.ledgerOptions()), goldPaid };
    },

    async getAudit({ shopId, asOfTime }, call) {
      checkNanos(asOfTime);
      const { known, snapshot: stock } = await withAllRecipes(recipes, shopId, (known) =>
        readStock(ledger, { shopId, recipes: known, asOfTime }, call.ledgerOptions()),
      );
      const potionsBySku = known
        .map(({ sku, mix }) => ({ sku, quantity: stock.potions.get(potionAsset(present(mix))) ?? 0n }))
        .filter(({ quantity }) => quantity > 0n);
      const potions = [...stock.potions.values()].reduce((sum, quantity) => sum + quantity, 0n);
      const ml = totalMl(stock.ml);
      return {
        gold: stock.gold,
        ml,
        potions,
        mlByColour: stock.ml,
        potionsBySku,
        mlCapacity: ml + stock.freeMl,
        potionCapacity: potions + stock.freePotions,
        resets: stock.era,
      };
    },

    async resetShop({ shopId, resetId }, call) {
      const { snapshot: balances } = await withAllRecipes(recipes, shopId, (known) =>
        readBalances(ledger, { shopId, recipes: known }, call.ledgerOptions()),
      );
      try {
        return { booking: await book(ledger, resetOf(shopId, resetId, balances), call.ledgerOptions()) };
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        // What a reset moves depends on when it looks, so a repeat, or a copy, is refused as other content: the first
        // one counts, and a refusal of it is put alike for all.
        return { booking: await outcomeOf(ledger, shopId, resetId, call.ledgerOptions()) };
      }
    },
  };
}

/** The rules of the contract see a Timestamp as one instant, whatever its nanos are. */
function checkNanos(asOfTime: Timestamp | undefined): void {
  if (asOfTime === undefined || (asOfTime.nanos >= 0 && asOfTime.nanos <= 999_999_999)) return;
  throw invalidFields([{ field: 'as_of_time', description: 'must have nanos of 0 to 999,999,999' }]);
}

/**
 * A snapshot of a shop that misses no potion. A recipe is there before its first bottle, and stays: when none is new
 * after the snapshot, those known before it are all that can have bottles in it.
 */
async function withAllRecipes<Snapshot>(
  recipes: RecipeStore,
  shopId: string,
  read: (known: readonly Recipe[]) => Promise<Snapshot>,
): Promise<{ known: readonly Recipe[]; snapshot: Snapshot }> {
  let known = await recipes.list(shopId);
  for (;;) {
    const snapshot = await read(known);
    const since = await recipes.list(shopId);
    if (since.length === known.length) return { known, snapshot };
    known = since;
  }
}

/** What takes a shop from these balances to its beginning. */
function resetOf(shopId: string, resetId: string, balances: readonly Balance[]): Movement {
  const changes: Record<string, bigint> = { ...BEGINNING, [ERA]: 1n };
  // Every account that the reset moves must be as it was seen, 0 for one that was not there. One that it does not move
  // is as it should be; whoever moves only such may as well come after the reset.
  const expectedSequences: Record<string, bigint> = {};
  for (const { asset, balance, sequence } of balances) {
    if (asset !== ERA) changes[asset] = (BEGINNING[asset] ?? 0n) - balance;
    expectedSequences[asset] = sequence;
  }
  return { shopId, kind: 'reset', id: resetId, changes, expectedSequences, description: 'reset' };
}

/** How many units of a kind can still be bought on a day. */
function quota(kind: 'POTIONS' | 'ML', day: number): string {
  return `${QUOTA}${kind}:${day}`;
}

/** Gives a shop what it may buy on a day, once, so that the ledger refuses what goes beyond. */
async function grantQuota(
  ledger: LedgerClient,
  shopId: string,
  asset: string,
  options: CallOptions,
): Promise<void> {
  const requestId = requestIdOf('quota', asset);
  const grant = { requestId, userId: userOf(shopId), asset, amount: UNITS_PER_DAY, source: WORLD };
  await ledger.credit(grant, options);
}

/**
 * What became of a reset that was decided.
 *
 * @throws ServiceError SHOP_CHANGED or SHOP_FROZEN when it failed
 */
async function outcomeOf(
  ledger: LedgerClient,
  shopId: string,
  resetId: string,
  options: CallOptions,
): Promise<Booking> {
  const request = { userId: userOf(shopId), requestId: requestIdOf('reset', resetId) };
  const { code, reason, transactionId } = await ledger.getRequest(request, options);
  if (reason === ErrorReason.ACCOUNT_FROZEN) throw shopFrozen();
  if (reason === ErrorReason.INSUFFICIENT_FUNDS) throw shopHeld();
  if (code !== 0) throw shopChanged();
  const { transaction } = await ledger.getTransaction({ transactionId }, options);
  return { transactionId, createTime: transaction.createTime };
}
