import type { Barrels, Customer, Recipe } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import type { Random } from './random';

/** More than fit in a catalog. */
export const RECIPES: readonly Recipe[] = [
  recipe('RED_0', [100n, 0n, 0n, 0n], 45n),
  recipe('GREEN_0', [0n, 100n, 0n, 0n], 45n),
  recipe('BLUE_0', [0n, 0n, 100n, 0n], 50n),
  recipe('DARK_0', [0n, 0n, 0n, 100n], 80n),
  recipe('PURPLE_0', [50n, 0n, 50n, 0n], 60n),
  recipe('YELLOW_0', [50n, 50n, 0n, 0n], 55n),
  recipe('TEAL_0', [0n, 33n, 67n, 0n], 58n),
  recipe('RAINBOW_0', [25n, 25n, 25n, 25n], 90n),
];

const CLASSES = ['Wizard', 'Ranger', 'Paladin', 'Rogue'];
const SPECIES = ['Elf', 'Human', 'Dwarf', 'Orc'];
const NAMES = ['Ada', 'Bo', 'Cy', 'Dee', 'Eli', 'Fay', 'Gil', 'Hal'];

/** The offers of the wholesaler in a tick. */
export function offersOf(random: Random): Barrels[] {
  return ['RED', 'GREEN', 'BLUE', 'DARK'].flatMap((colour, n) => {
    const [red = 0n, green = 0n, blue = 0n, dark = 0n] = [0, 1, 2, 3].map((m) => (m === n ? 100n : 0n));
    const mix = { red, green, blue, dark };
    const price = BigInt(random.between(80, 120)) + (colour === 'DARK' ? 100n : 0n);
    return [
      { sku: `SMALL_${colour}`, mlPerBarrel: 500n, mix, price, quantity: 10n },
      { sku: `LARGE_${colour}`, mlPerBarrel: 2_000n, mix, price: price * 3n, quantity: 5n },
    ];
  });
}

/** A random customer. */
export function customerOf(random: Random, customerId: string): Customer {
  const one = (values: readonly string[]): string => random.some(values, 1).join();
  return {
    customerId,
    name: `${one(NAMES)} ${customerId}`,
    characterClass: one(CLASSES),
    characterSpecies: one(SPECIES),
    level: random.between(1, 20),
  };
}

function recipe(sku: string, parts: readonly [bigint, bigint, bigint, bigint], price: bigint): Recipe {
  const [red, green, blue, dark] = parts;
  return { sku, name: sku.toLowerCase(), mix: { red, green, blue, dark }, price, offered: true };
}
