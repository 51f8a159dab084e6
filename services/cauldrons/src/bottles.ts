import type { LedgerClient } from '@ledger/client';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import { COLOURS, coloursOf, sumOfColours, totalMl } from './colours';
import type { CauldronsServiceService, Mix, Recipe } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { planBottles, type Potion } from './plan-bottles';
import { present } from './present';
import { recipeOf, type RecipeStore } from './recipe-store';
import { book, FREE_ML, FREE_POTIONS, mlAsset, potionAsset, readStock, type Stock } from './shop-account';

const ML_PER_BOTTLE = 100n;

type BottleMethods = Pick<Handlers<typeof CauldronsServiceService>, 'planBottles' | 'deliverBottles'>;

/** Filling bottles: ml go down and free their room, bottles go up and take room. */
export function bottleMethods(recipes: RecipeStore, ledger: LedgerClient): BottleMethods {
  return {
    async planBottles({ shopId }, call) {
      const offered = (await recipes.list(shopId)).filter((recipe) => recipe.offered);
      const stock = await readStock(ledger, { shopId, recipes: offered }, call.ledgerOptions());
      return {
        potions: planBottles(
          stock,
          offered.map((recipe) => potionOf(recipe, stock)),
        ),
      };
    },

    async deliverBottles({ shopId, orderId, potions }, call) {
      const known = await recipes.list(shopId);
      // The mix of a SKU never changes, so a repeat of this call books the same.
      const filled = potions.map(({ sku, quantity }) => ({
        mix: present(recipeOf(known, sku).mix),
        quantity,
      }));
      const mlUsed = sumOfColours(filled.map(contentOf));
      const potionsAdded = filled.reduce((sum, { quantity }) => sum + quantity, 0n);
      const changes = {
        ...Object.fromEntries(COLOURS.map((colour) => [mlAsset(colour), -mlUsed[colour]])),
        ...Object.fromEntries(filled.map(({ mix, quantity }) => [potionAsset(mix), quantity])),
        [FREE_ML]: totalMl(mlUsed),
        [FREE_POTIONS]: -potionsAdded,
      };
      const description = `filled ${potionsAdded} bottles`;
      const delivery = { shopId, kind: 'bottles', id: orderId, changes, description } as const;
      return { booking: await book(ledger, delivery, call.ledgerOptions()), potionsAdded, mlUsed };
    },
  };
}

function contentOf({ mix, quantity }: { mix: Mix; quantity: bigint }): ReturnType<typeof coloursOf> {
  return coloursOf(mix, quantity * ML_PER_BOTTLE);
}

function potionOf({ sku, mix: given }: Recipe, { potions }: Stock): Potion {
  const mix = present(given);
  return { sku, mix, inStock: potions.get(potionAsset(mix)) ?? 0n };
}
