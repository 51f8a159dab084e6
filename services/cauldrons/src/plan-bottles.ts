import { COLOURS } from './colours';
import type { Mix } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import type { Stock } from './shop-account';

/** The most bottles in one plan. */
const BOTTLES_MAX = 10_000;

/** A potion that can be made. */
export interface Potion {
  readonly sku: string;
  /** Parts of 100. A bottle has 100 ml, so these are also the ml per bottle. */
  readonly mix: Mix;
  readonly inStock: bigint;
}

/** Bottles of one potion. */
export interface Bottles {
  readonly sku: string;
  readonly quantity: bigint;
}

/**
 * Chooses the bottles to fill: one at a time, always of the potion with the fewest bottles, until the ml or the room
 * for bottles are used up.
 */
export function planBottles(
  { ml, freePotions }: Pick<Stock, 'ml' | 'freePotions'>,
  potions: readonly Potion[],
): Bottles[] {
  const left = { ...ml };
  const planned = new Map<string, bigint>();
  const plannedOf = (sku: string): bigint => planned.get(sku) ?? 0n;
  const countOf = ({ sku, inStock }: Potion): bigint => inStock + plannedOf(sku);
  for (let bottles = 0; bottles < BOTTLES_MAX && BigInt(bottles) < freePotions; bottles += 1) {
    const [fewest] = potions
      .filter(({ mix }) => COLOURS.every((colour) => mix[colour] <= left[colour]))
      .sort((one, other) => Number(countOf(one) - countOf(other)));
    if (fewest === undefined) break;
    planned.set(fewest.sku, plannedOf(fewest.sku) + 1n);
    for (const colour of COLOURS) left[colour] -= fewest.mix[colour];
  }
  return [...planned].map(([sku, quantity]) => ({ sku, quantity })).sort(bySku);
}

function bySku(one: Bottles, other: Bottles): number {
  return one.sku < other.sku ? -1 : 1;
}
