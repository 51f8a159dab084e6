import fc from 'fast-check';
import { COLOURS } from './colours';
import { planBottles } from './plan-bottles';

const NO_ML = { red: 0n, green: 0n, blue: 0n, dark: 0n };
const red = { sku: 'red', mix: { ...NO_ML, red: 100n }, inStock: 0n };
const purple = { sku: 'purple', mix: { ...NO_ML, red: 50n, blue: 50n }, inStock: 0n };

it('makes a bottle of 100 ml, by the recipe, and none of less', () => {
  const plan = (ml: Partial<typeof NO_ML>): unknown =>
    planBottles({ ml: { ...NO_ML, ...ml }, freePotions: 50n }, [purple, red]);
  expect(plan({ red: 100n })).toEqual([{ sku: 'red', quantity: 1n }]);
  expect(plan({ red: 99n })).toEqual([]);
  expect(plan({ red: 50n, blue: 50n })).toEqual([{ sku: 'purple', quantity: 1n }]);
  expect(plan({ red: 500n, blue: 500n })).toEqual([
    { sku: 'purple', quantity: 4n },
    { sku: 'red', quantity: 3n },
  ]);
});

it('makes more of what there is less of', () => {
  const stock = { ml: { ...NO_ML, red: 10_000n, blue: 10_000n }, freePotions: 6n };
  expect(planBottles(stock, [{ ...red, inStock: 4n }, purple])).toEqual([
    { sku: 'purple', quantity: 5n },
    { sku: 'red', quantity: 1n },
  ]);
});

it('never takes more ml or room than there is, and leaves nothing that could be filled', () => {
  const amount = (most: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: most });
  const mix = fc
    .tuple(...([amount(100n), amount(100n), amount(100n)] as const))
    .map((cuts) => [...cuts].sort((one, other) => Number(one - other)))
    .map(([a = 0n, b = 0n, c = 0n]) => ({ red: a, green: b - a, blue: c - b, dark: 100n - c }));
  const potions = fc.uniqueArray(fc.record({ sku: fc.string(), mix, inStock: amount(60n) }), {
    ...{ selector: ({ sku }: { sku: string }) => sku, maxLength: 6 },
  });
  const ml = fc.record({ red: amount(900n), green: amount(900n), blue: amount(900n), dark: amount(900n) });
  const stock = fc.record({ ml, freePotions: amount(20n) });
  fc.assert(
    fc.property(stock, potions, (shop, recipes) => {
      const plan = planBottles(shop, recipes);
      const left = { ...shop.ml };
      let room = shop.freePotions;
      for (const { sku, quantity } of plan) {
        expect(quantity).toBeGreaterThan(0n);
        room -= quantity;
        const recipe = recipes.find((known) => known.sku === sku);
        for (const colour of COLOURS) left[colour] -= quantity * (recipe?.mix[colour] ?? 100n);
      }
      expect(room).toBeGreaterThanOrEqual(0n);
      for (const colour of COLOURS) expect(left[colour]).toBeGreaterThanOrEqual(0n);
      const fillable = recipes.filter((recipe) =>
        COLOURS.every((colour) => recipe.mix[colour] <= left[colour]),
      );
      expect(room > 0n ? fillable : []).toEqual([]);
    }),
  );
});
