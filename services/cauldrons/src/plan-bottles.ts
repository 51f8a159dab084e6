import { COLOURS } from './colours';
import type { Mix } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import type { Stock } from './shop-account';

/** The most bottles of one plan. */
const BOTTLES_MAX = 10_000;

/** A potion that can be made. */
export interface Potion {
  readonly sku: string;
  /** Parts of 100, and so the ml of a bottle. */
  readonly mix: Mix;
  readonly inStock: bigint;
}

/** Bottles of one potion. */
export interface Bottles {
  readonly sku: string;
  readonly quantity: bigint;
}

/**
 * Which bottles to fill: always one more of the potion that there are the fewest of, as far as the ml and the room for
 * bottles last.
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
