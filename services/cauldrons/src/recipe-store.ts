import type { DataSource } from 'typeorm';
import { isSameMix } from './colours';
import { noRecipe, refuse } from './errors';
import type { Mix, Recipe } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';

/** The most recipes of a shop. */
const RECIPES_MAX = 24;

/** What TypeORM's data source and its entity manager have in common. */
type Queryable = Pick<DataSource, 'query'>;

/** The recipes of shops. Name, price and offer can change; the mix of a SKU never does. */
export class RecipeStore {
  constructor(private readonly database: DataSource) {}

  /** All recipes of a shop, ordered by SKU. */
  list(shopId: string): Promise<Recipe[]> {
    return listOf(this.database, shopId);
  }

  /** @throws CallError RECIPE_FIXED, MIX_TAKEN, TOO_MANY_RECIPES */
  async put(shopId: string, recipe: Recipe): Promise<void> {
    const { sku, name, price, offered } = recipe;
    const mix = present(recipe.mix);
    await this.database.transaction(async (transaction) => {
      // Serialises the writes of a shop, so that two concurrent ones cannot exceed the limit.
      await transaction.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [shopId]);
      const recipes = await listOf(transaction, shopId);
      const former = recipes.find((other) => other.sku === sku);
      const twin = recipes.find((other) => isSameMix(present(other.mix), mix));
      if (former !== undefined && former !== twin) {
        throw refuse('RECIPE_FIXED', `the mix of ${sku} cannot be changed`, { sku });
      }
      if (twin !== former && twin !== undefined) {
        throw refuse('MIX_TAKEN', `${twin.sku} has that mix`, { sku: twin.sku });
      }
      if (former === undefined && recipes.length >= RECIPES_MAX) {
        const message = `a shop has at most ${RECIPES_MAX} recipes`;
        throw refuse('TOO_MANY_RECIPES', message, { limit: String(RECIPES_MAX) });
      }
      await transaction.query(
        `INSERT INTO recipes (shop_id, sku, name, red, green, blue, dark, price, offered)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (shop_id, sku) DO UPDATE
           SET name = excluded.name, price = excluded.price, offered = excluded.offered`,
        [shopId, sku, name, mix.red, mix.green, mix.blue, mix.dark, price, offered],
      );
    });
  }
}

/** @throws CallError RECIPE_NOT_FOUND */
export function recipeOf(recipes: readonly Recipe[], sku: string): Recipe {
  const recipe = recipes.find((candidate) => candidate.sku === sku);
  if (recipe === undefined) throw noRecipe(sku);
  return recipe;
}

/** A row of the table recipes. */
type RecipeRow = Omit<Recipe, 'mix'> & Mix;

async function listOf(database: Queryable, shopId: string): Promise<Recipe[]> {
  const rows = await database.query<RecipeRow[]>(
    `SELECT sku, name, red, green, blue, dark, price, offered FROM recipes WHERE shop_id = $1 ORDER BY sku`,
    [shopId],
  );
  return rows.map(({ red, green, blue, dark, ...recipe }) => ({
    ...recipe,
    mix: { red, green, blue, dark },
  }));
}
