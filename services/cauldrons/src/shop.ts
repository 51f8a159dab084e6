import {
  type Balance,
  type CallOptions,
  ErrorReason,
  type LedgerClient,
  type Timestamp,
} from '@ledger/client';
import { CallError } from '@ledger/kit/rpc/call-error';
import { invalidField } from '@ledger/kit/rpc/request-check';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
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

/** The initial balances of a shop. All others are zero. */
const INITIAL_BALANCES: Readonly<Record<string, bigint>> = {
  [GOLD]: 100n,
  [FREE_ML]: 10_000n,
  [FREE_POTIONS]: 50n,
};

/** The size of a unit of capacity. A shop begins with one unit of each kind. */
const ML_PER_UNIT = 10_000n;
const POTIONS_PER_UNIT = 50n;
const GOLD_PER_UNIT = 1_000n;
/** The most units of each kind that a shop can buy per day. */
const UNITS_PER_DAY = 10n;

type ShopMethods = Pick<Handlers<typeof CauldronsServiceService>, 'buyCapacity' | 'getAudit' | 'resetShop'>;

/** Methods that concern a shop as a whole. */
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
        if (!(error instanceof CallError)) throw error;
        // What a reset moves depends on the balances it has read, so the ledger may refuse a repeat or a concurrent
        // copy as other content. The first one counts, and all of them return its outcome.
        return { booking: await outcomeOf(ledger, shopId, resetId, call.ledgerOptions()) };
      }
    },
  };
}

/** Checks the nanos of a timestamp, which the rules of the contract do not check. */
function checkNanos(asOfTime: Timestamp | undefined): void {
  if (asOfTime === undefined || (asOfTime.nanos >= 0 && asOfTime.nanos <= 999_999_999)) return;
  throw invalidField('as_of_time', 'must have nanos of 0 to 999,999,999');
}

/**
 * Reads a snapshot of a shop that misses no potion. A recipe exists before its first bottle and is never deleted. So if
 * no recipe was added by the end of the snapshot, the recipes known before are all that can have bottles in it.
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

/** The movement from these balances to the initial ones. */
function resetOf(shopId: string, resetId: string, balances: readonly Balance[]): Movement {
  const changes: Record<string, bigint> = { ...INITIAL_BALANCES, [ERA]: 1n };
  // Every account that the reset moves must still have the sequence that was read; 0 stands for a new account. Accounts
  // that it does not move are already right, and a movement of only those may come after the reset.
  const expectedSequences: Record<string, bigint> = {};
  for (const { asset, balance, sequence } of balances) {
    if (asset !== ERA) changes[asset] = (INITIAL_BALANCES[asset] ?? 0n) - balance;
    expectedSequences[asset] = sequence;
  }
  return { shopId, kind: 'reset', id: resetId, changes, expectedSequences, description: 'reset' };
}

/** The asset of the units of a kind that can still be bought on a day. */
function quota(kind: 'POTIONS' | 'ML', day: number): string {
  return `${QUOTA}${kind}:${day}`;
}

/** Credits a shop once with its allowance for a day, so that the ledger refuses what exceeds it. */
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
 * The outcome of a reset that the ledger has decided.
 *
 * @throws CallError SHOP_CHANGED or SHOP_FROZEN when it failed
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
