import type {
  Barrels,
  GetAuditResponse,
  Mix,
  Potions,
  Recipe,
} from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from '../present';

/**
 * The expected state of a shop, computed only from the responses to its callers. It does not read the ledger or the
 * shop.
 */
export class Account {
  linesSold = 0;
  goldFromSales = 0n;
  #gold = 0n;
  #ml = { red: 0n, green: 0n, blue: 0n, dark: 0n };
  #potions = new Map<string, bigint>();
  #mlCapacity = 0n;
  #potionCapacity = 0n;
  #resets = 0n;

  constructor(private readonly recipes: readonly Recipe[]) {}

  reset(): void {
    [this.#gold, this.#mlCapacity, this.#potionCapacity] = [100n, 10_000n, 50n];
    this.#ml = { red: 0n, green: 0n, blue: 0n, dark: 0n };
    this.#potions.clear();
    this.#resets += 1n;
  }

  bought(barrels: readonly Barrels[]): void {
    for (const { mix, mlPerBarrel, price, quantity } of barrels) {
      this.#gold -= price * quantity;
      this.#pour(present(mix), mlPerBarrel * quantity);
    }
  }

  filled(potions: readonly Potions[]): void {
    for (const { sku, quantity } of potions) {
      this.#pour(present(this.#recipe(sku).mix), -100n * quantity);
      this.#add(sku, quantity);
    }
  }

  /** @returns their total price */
  sold(potions: readonly Potions[]): bigint {
    let total = 0n;
    for (const { sku, quantity } of potions) {
      this.#add(sku, -quantity);
      total += this.#recipe(sku).price * quantity;
    }
    this.#gold += total;
    this.goldFromSales += total;
    this.linesSold += potions.length;
    return total;
  }

  grew(potionUnits: bigint, mlUnits: bigint): void {
    this.#gold -= 1_000n * (potionUnits + mlUnits);
    this.#potionCapacity += 50n * potionUnits;
    this.#mlCapacity += 10_000n * mlUnits;
  }

  /** The audit that the shop should return. */
  audit(): GetAuditResponse {
    const { red, green, blue, dark } = this.#ml;
    const potionsBySku = [...this.#potions]
      .map(([sku, quantity]) => ({ sku, quantity }))
      .filter(({ quantity }) => quantity !== 0n)
      .sort((one, other) => (one.sku < other.sku ? -1 : 1));
    return {
      gold: this.#gold,
      ml: red + green + blue + dark,
      potions: potionsBySku.reduce((sum, { quantity }) => sum + quantity, 0n),
      mlByColour: { ...this.#ml },
      potionsBySku,
      mlCapacity: this.#mlCapacity,
      potionCapacity: this.#potionCapacity,
      resets: this.#resets,
    };
  }

  #pour(mix: Mix, ml: bigint): void {
    for (const colour of ['red', 'green', 'blue', 'dark'] as const) {
      this.#ml[colour] += (ml * mix[colour]) / 100n;
    }
  }

  #add(sku: string, quantity: bigint): void {
    this.#potions.set(sku, (this.#potions.get(sku) ?? 0n) + quantity);
  }

  #recipe(sku: string): Recipe {
    return present(this.recipes.find((recipe) => recipe.sku === sku));
  }
}
