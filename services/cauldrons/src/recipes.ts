import type { LedgerClient } from '@ledger/client';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import type { CatalogItem, CauldronsServiceService } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';
import type { RecipeStore } from './recipe-store';
import { potionAsset, readStock } from './shop-account';

/** The most SKUs in a catalog. */
const CATALOG_MAX = 6;
/** The most bottles of a SKU that a catalog shows. */
const QUANTITY_MAX = 10_000n;

type RecipeMethods = Pick<
  Handlers<typeof CauldronsServiceService>,
  'putRecipe' | 'listRecipes' | 'getCatalog'
>;

/** Recipes of a shop, and its catalog of potions in stock. */
export function recipeMethods(recipes: RecipeStore, ledger: LedgerClient): RecipeMethods {
  return {
    async putRecipe({ shopId, recipe }) {
      await recipes.put(shopId, present(recipe));
      return { recipe };
    },

    async listRecipes({ shopId }) {
      return { recipes: await recipes.list(shopId) };
    },

    async getCatalog({ shopId }, call) {
      const offered = (await recipes.list(shopId)).filter((recipe) => recipe.offered);
      const { potions } = await readStock(ledger, { shopId, recipes: offered }, call.ledgerOptions());
      const items = offered.map((recipe) => ({
        recipe,
        quantity: potions.get(potionAsset(present(recipe.mix))) ?? 0n,
      }));
      const inStock = items.filter(({ quantity }) => quantity > 0n).sort(byQuantity);
      return { items: inStock.slice(0, CATALOG_MAX).map(upToMax) };
    },
  };
}

function byQuantity(one: CatalogItem, other: CatalogItem): number {
  return Number(other.quantity - one.quantity);
}

function upToMax({ recipe, quantity }: CatalogItem): CatalogItem {
  return { recipe, quantity: quantity < QUANTITY_MAX ? quantity : QUANTITY_MAX };
}
