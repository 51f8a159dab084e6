import fc from 'fast-check';
import { COLOURS, totalMl } from './colours';
import { planBarrels, type Offer } from './plan-barrels';

const RED = { red: 100n, green: 0n, blue: 0n, dark: 0n };
const GREEN = { red: 0n, green: 100n, blue: 0n, dark: 0n };
const BROWN = { red: 50n, green: 50n, blue: 0n, dark: 0n };
const NO_ML = { red: 0n, green: 0n, blue: 0n, dark: 0n };

const smallRed = offer('SMALL_RED', RED, 500n, 100n);

it('buys one red barrel for the gold that a shop begins with, and none for less', () => {
  const offers = [{ ...smallRed, quantity: 10n }, offer('LARGE_RED', RED, 2_000n, 300n)];
  expect(planBarrels({ gold: 100n, ml: NO_ML, freeMl: 10_000n }, offers)).toEqual([smallRed]);
  expect(planBarrels({ gold: 50n, ml: NO_ML, freeMl: 10_000n }, offers)).toEqual([]);
});

it('buys red before other colours, and those with what is left', () => {
  const offers = [offer('GREEN', GREEN, 500n, 60n), smallRed];
  const buys = (gold: bigint): string[] =>
    planBarrels({ gold, ml: NO_ML, freeMl: 10_000n }, offers).map(({ sku }) => sku);
  expect(buys(100n)).toEqual(['SMALL_RED']);
  expect(buys(159n)).toEqual(['SMALL_RED']);
  expect(buys(160n)).toEqual(['SMALL_RED', 'GREEN']);
  expect(buys(60n)).toEqual(['GREEN']);
});

it('buys the cheapest barrel of those that have room', () => {
  const offers = [offer('CHEAP_AND_LARGE', RED, 10_000n, 10n), smallRed, offer('BROWN', BROWN, 500n, 1n)];
  expect(planBarrels({ gold: 1_000n, ml: NO_ML, freeMl: 10_000n }, offers)).toEqual([smallRed]);
  expect(planBarrels({ gold: 1_000n, ml: { ...NO_ML, blue: 9_501n }, freeMl: 499n }, offers)).toEqual([]);
  expect(planBarrels({ gold: 1_000n, ml: { ...NO_ML, red: 2_001n }, freeMl: 7_999n }, offers)).toEqual([]);
});

it('buys no more than there is room for, all colours together', () => {
  const offers = [{ ...smallRed, price: 1n }, offer('GREEN', GREEN, 500n, 1n)];
  const skus = planBarrels({ gold: 100n, ml: { ...NO_ML, blue: 9_001n }, freeMl: 999n }, offers);
  expect(skus.map(({ sku }) => sku)).toEqual(['SMALL_RED']);
});

it('never goes over the gold or the room, and buys one barrel of a colour at most', () => {
  const amount = (most: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: most });
  const mix = fc.constantFrom(RED, GREEN, BROWN, { ...NO_ML, blue: 100n }, { ...NO_ML, dark: 100n });
  const offers = fc.uniqueArray(
    fc.record({
      ...{ sku: fc.string(), mix, price: amount(300n) },
      mlPerBarrel: fc.bigInt({ min: 1n, max: 2_000n }),
      quantity: fc.bigInt({ min: 1n, max: 10_000n }),
    }),
    { selector: ({ sku }) => sku },
  );
  // More of one colour than its share, at times, so that the room is what ends the plan.
  const ml = fc.record({ red: amount(3_000n), green: amount(300n), blue: amount(20_000n), dark: amount(9n) });
  const stock = fc.record({ gold: amount(600n), ml, freeMl: amount(8_000n) });
  fc.assert(
    fc.property(stock, offers, (shop, offered) => {
      const plan = planBarrels(shop, offered);
      expect(plan.reduce((sum, { price }) => sum + price, 0n)).toBeLessThanOrEqual(shop.gold);
      expect(plan.reduce((sum, { mlPerBarrel }) => sum + mlPerBarrel, 0n)).toBeLessThanOrEqual(shop.freeMl);
      const colours = plan.map((bought) => COLOURS.findIndex((colour) => bought.mix[colour] === 100n));
      expect(colours).toEqual([...new Set(colours)].sort());
      const affordable = offered.filter(
        ({ mix: of, price, mlPerBarrel }) =>
          of === RED &&
          price <= shop.gold &&
          mlPerBarrel <= shop.freeMl &&
          4n * (mlPerBarrel + shop.ml.red) <= shop.freeMl + totalMl(shop.ml),
      );
      // A red barrel is bought when it can be paid for and there is room.
      expect(colours.includes(0)).toBe(affordable.length > 0);
      for (const { sku, quantity } of plan) {
        expect(quantity).toBe(1n);
        expect(offered.map((of) => of.sku)).toContain(sku);
      }
    }),
  );
});

function offer(sku: string, mix: Offer['mix'], mlPerBarrel: bigint, price: bigint): Offer {
  return { sku, mix, mlPerBarrel, price, quantity: 1n };
}
