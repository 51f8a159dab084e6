import { COLOURS, totalMl } from './colours';
import type { Mix } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import type { Stock } from './shop-account';

/** Barrels of one kind that can be bought. */
export interface Offer {
  readonly sku: string;
  readonly mlPerBarrel: bigint;
  readonly mix: Mix;
  /** The price of one barrel. */
  readonly price: bigint;
  readonly quantity: bigint;
}

/**
 * Chooses the barrels to buy: for each colour, red first, one of the cheapest barrels that fit, if the remaining gold
 * suffices. No colour gets more than a quarter of all room, so that there is room for the others.
 */
export function planBarrels(
  { gold, ml, freeMl }: Pick<Stock, 'gold' | 'ml' | 'freeMl'>,
  offers: readonly Offer[],
): Offer[] {
  const share = (freeMl + totalMl(ml)) / BigInt(COLOURS.length);
  const plan: Offer[] = [];
  let [goldLeft, roomLeft] = [gold, freeMl];
  for (const colour of COLOURS) {
    const fits = ({ mix, mlPerBarrel }: Offer): boolean =>
      mix[colour] === 100n && mlPerBarrel <= roomLeft && mlPerBarrel + ml[colour] <= share;
    const [cheapest] = offers.filter(fits).sort(byPrice);
    if (cheapest === undefined || cheapest.price > goldLeft) continue;
    plan.push({ ...cheapest, quantity: 1n });
    goldLeft -= cheapest.price;
    roomLeft -= cheapest.mlPerBarrel;
  }
  return plan;
}

function byPrice(one: Offer, other: Offer): number {
  if (one.price !== other.price) return one.price < other.price ? -1 : 1;
  return one.sku < other.sku ? -1 : 1;
}
