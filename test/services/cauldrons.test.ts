/** @paused: also run by `npm run test:paused`. */
import { databaseSettings, serviceSettings } from '@ledger/kit/ledger/service-settings';
import {
  Barrels,
  CauldronsServiceService,
  OrderSort,
  Weekday,
  type CheckOutRequest,
  type Customer,
  type GetAuditResponse,
  type SearchOrdersRequest,
} from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { simulate } from '../../services/cauldrons/src/simulation/simulation';
import { startCauldrons } from '../../services/cauldrons/src/server';
import type { RunningServer } from '@ledger/kit/server/server';
import { lockAccount } from '../harness/account-lock';
import { expireWhile } from '../harness/expire-while';
import { checkLedger } from '../harness/check-ledger';
import { ServiceClient, type Methods } from '../harness/service-client';
import { startService, type ServiceUnderTest } from '../harness/service-under-test';
import { waitUntil } from '../harness/wait-until';

type Api = Methods<typeof CauldronsServiceService>;

const RED = { red: 100n, green: 0n, blue: 0n, dark: 0n };
const PURPLE = { red: 50n, green: 0n, blue: 50n, dark: 0n };
const INT64_MAX = 2n ** 63n - 1n;
const NO_ML = { red: 0n, green: 0n, blue: 0n, dark: 0n };
const SMALL_RED = { sku: 'SMALL_RED', mlPerBarrel: 500n, mix: RED, price: 100n, quantity: 1n };
const ADA: Customer = {
  ...{
    customerId: 'c-1',
    name: 'Ada Nightshade',
    characterClass: 'Wizard',
    characterSpecies: 'Elf',
    level: 7,
  },
};
/** A Bloomday, and the last tick of it. */
const EVENING = { day: 8, hour: 22 };

let system: ServiceUnderTest;
let second: RunningServer;
let clients: ServiceClient<typeof CauldronsServiceService>[];

beforeAll(async () => {
  system = await startService(
    (environment, log) =>
      startCauldrons({ ...serviceSettings(environment, ''), ...databaseSettings(environment) }, log),
    // One batch worker of the ledger: behind a batch that waits for a lock everything waits in the queue.
    { batchWorkers: 1 },
  );
  second = await system.startAnother();
  clients = [system, second].map(({ address }) => new ServiceClient(address, CauldronsServiceService));
});
afterAll(async () => {
  for (const client of clients) client.close();
  await second.stop();
  const violations = await checkLedger(system.ledger.database);
  await system.dispose();
  expect(violations).toEqual([]);
});
afterEach(() => {
  expect(system.ledger.refusals()).toEqual([]);
});

describe('a shop', () => {
  it('begins with 100 gold and room for 50 bottles and 10,000 ml', async () => {
    expect(await audit('nowhere')).toMatchObject({
      gold: 0n,
      mlCapacity: 0n,
      potionCapacity: 0n,
      resets: 0n,
    });
    await api().resetShop({ shopId: 'begin', resetId: 'first' });
    expect(await audit('begin')).toEqual({
      ...{ gold: 100n, ml: 0n, potions: 0n, mlByColour: NO_ML, potionsBySku: [] },
      ...{ mlCapacity: 10_000n, potionCapacity: 50n, resets: 1n },
    });
  });

  it('buys a red barrel, fills bottles and sells them, as it plans', async () => {
    const shopId = await open('round');
    const offers = [{ ...SMALL_RED, quantity: 10n }];
    const { barrels } = await api().planBarrels({ shopId, offers });
    expect(barrels).toEqual([SMALL_RED]);
    expect(await api().deliverBarrels({ shopId, orderId: 'b', barrels })).toMatchObject({
      ...{ goldPaid: 100n, mlAdded: { ...NO_ML, red: 500n } },
    });
    expect(await api().planBarrels({ shopId, offers })).toEqual({ barrels: [] });

    const { potions } = await api().planBottles({ shopId });
    expect(potions).toEqual([{ sku: 'RED_0', quantity: 5n }]);
    expect(await api().deliverBottles({ shopId, orderId: 'b', potions })).toMatchObject({
      ...{ potionsAdded: 5n, mlUsed: { ...NO_ML, red: 500n } },
    });
    expect(await api().planBottles({ shopId })).toEqual({ potions: [] });
    expect((await api().getCatalog({ shopId })).items).toMatchObject([
      { recipe: { sku: 'RED_0', price: 50n }, quantity: 5n },
    ]);

    const sold = await sell(shopId, 'round', { RED_0: 2n });
    expect(sold).toMatchObject({ potionsBought: 2n, goldPaid: 100n });
    expect(await audit(shopId)).toEqual({
      ...{ gold: 100n, ml: 0n, potions: 3n, mlByColour: NO_ML },
      ...{ potionsBySku: [{ sku: 'RED_0', quantity: 3n }] },
      ...{ mlCapacity: 10_000n, potionCapacity: 50n, resets: 1n },
    });
  });

  it('pays 1,750 for 10 barrels at 100 and 5 at 150, in one transaction', async () => {
    const shopId = await open('prices', 2_000n);
    const barrels = [
      { ...SMALL_RED, mlPerBarrel: 200n, quantity: 10n },
      { ...SMALL_RED, sku: 'PURPLE', mix: PURPLE, mlPerBarrel: 300n, price: 150n, quantity: 5n },
    ];
    const { booking, goldPaid, mlAdded } = await api().deliverBarrels({ shopId, orderId: 'o', barrels });
    expect([goldPaid, mlAdded]).toEqual([1_750n, { ...NO_ML, red: 2_750n, blue: 750n }]);
    const { transaction } = await system.ledger.client().getTransaction(booking!);
    const own = transaction.entries.filter(({ userId }) => userId === 'cauldrons/prices');
    expect(own.map(({ asset, change }) => [asset, change])).toEqual([
      ...[
        ['GOLD', -1_750n],
        ['ML_RED', 2_750n],
        ['ML_BLUE', 750n],
        ['FREE_ML', -3_500n],
      ],
    ]);
    expect(await audit(shopId)).toMatchObject({ gold: 350n, ml: 3_500n, mlCapacity: 10_000n });
  });

  it.each([
    ['gold', { price: 101n }, 'INSUFFICIENT_GOLD', { gold: '100', required: '101' }],
    [
      'room',
      { mlPerBarrel: 10_001n, price: 1n, mix: RED },
      'CAPACITY_EXCEEDED',
      { kind: 'ml', free: '10000', required: '10001' },
    ],
  ])(
    'takes in no barrel without the %s for it, and stays so for its order_id',
    async (what, barrel, reason, metadata) => {
      const shopId = await open(`no-${what}`);
      const delivery = { shopId, orderId: 'o', barrels: [{ ...SMALL_RED, ...barrel }] };
      const refusal = { code: 'FAILED_PRECONDITION', reason, domain: 'cauldrons.v1', metadata };
      await expect(api().deliverBarrels(delivery)).rejects.toMatchObject(refusal);
      await give(shopId, 'GOLD', 1_000n);
      await give(shopId, 'FREE_ML', 1_000n);
      await expect(api(1).deliverBarrels(delivery)).rejects.toMatchObject(refusal);
      expect(await audit(shopId)).toMatchObject({ gold: 1_100n, ml: 0n });
      expect(await api().deliverBarrels({ ...delivery, orderId: 'o-2' })).toMatchObject({ booking: {} });
    },
  );

  it('fills no bottle without the ml or the room for it', async () => {
    const shopId = await open('dry');
    await stock(shopId, 50n);
    await api().deliverBarrels({
      ...{ shopId, orderId: 'more', barrels: [{ ...SMALL_RED, price: 0n, mlPerBarrel: 150n }] },
    });
    const fill = (orderId: string, sku: string, quantity: bigint): Promise<unknown> =>
      api().deliverBottles({ shopId, orderId, potions: [{ sku, quantity }] });
    await expect(fill('1', 'RED_0', 2n)).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'INSUFFICIENT_ML' },
      metadata: { colour: 'red', available: '150', required: '200' },
    });
    await expect(fill('2', 'RED_0', 1n)).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'CAPACITY_EXCEEDED' },
      metadata: { kind: 'potions', free: '0', required: '1' },
    });
    await expect(fill('3', 'GREEN_0', 1n)).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', reason: 'RECIPE_NOT_FOUND', metadata: { sku: 'GREEN_0' } },
    });
    expect(await audit(shopId)).toMatchObject({
      ml: 150n,
      potions: 50n,
      mlCapacity: 10_000n,
      potionCapacity: 50n,
    });
  });

  it('buys capacity at 1,000 gold a unit, 10 of each kind a day, also of many calls at once', async () => {
    const shopId = await open('growing', 100_000n);
    const one = { shopId, orderId: 'one', day: 3, potionUnits: 1n, mlUnits: 2n };
    expect(await api().buyCapacity(one)).toMatchObject({ goldPaid: 3_000n });
    expect(await audit(shopId)).toMatchObject({ gold: 97_100n, potionCapacity: 100n, mlCapacity: 30_000n });

    const orders = names('many', 12);
    const bought = await settled(
      orders.map((orderId, n) => api(n).buyCapacity({ ...one, orderId, mlUnits: 0n })),
    );
    expect(bought.answers).toHaveLength(9);
    for (const error of bought.errors) {
      expect(error).toMatchObject({
        ...{ code: 'FAILED_PRECONDITION', reason: 'DAILY_LIMIT' },
        metadata: { kind: 'potions', left: '0', required: '1' },
      });
    }
    await api().buyCapacity({ ...one, orderId: 'next-day', day: 4, potionUnits: 10n, mlUnits: 0n });
    expect(await audit(shopId)).toMatchObject({ gold: 78_100n, potionCapacity: 1_050n, mlCapacity: 30_000n });
    await give('small', 'GOLD', 999n);
    await expect(api().buyCapacity({ ...one, shopId: 'small', mlUnits: 0n })).rejects.toMatchObject({
      ...{ reason: 'INSUFFICIENT_GOLD', metadata: { gold: '999', required: '1000' } },
    });
  });
});

describe('an order_id', () => {
  it('is booked once and answered alike, however often and at once it is sent', async () => {
    const shopId = await open('twice', 1_000n);
    const barrels = { shopId, orderId: 'same', barrels: [SMALL_RED] };
    const bottles = { shopId, orderId: 'same', potions: [{ sku: 'RED_0', quantity: 3n }] };
    const capacity = { shopId, orderId: 'same', day: 1, potionUnits: 0n, mlUnits: 1n };
    await give(shopId, 'GOLD', 500n);
    await expectOneAnswer((n) => api(n).deliverBarrels(barrels));
    await expectOneAnswer((n) => api(n).deliverBottles(bottles));
    await expectOneAnswer((n) => api(n).buyCapacity(capacity));
    const cartId = await fillCart(shopId, 'same', { RED_0: 1n });
    await expectOneAnswer((n) => api(n).checkOut(checkout(shopId, cartId)));
    expect(await audit(shopId)).toMatchObject({ gold: 550n, ml: 200n, potions: 2n, mlCapacity: 20_000n });
  });

  it('is refused for other content', async () => {
    const shopId = await open('reused', 2_000n);
    const barrels = { shopId, orderId: 'o', barrels: [SMALL_RED] };
    await api().deliverBarrels(barrels);
    await api().deliverBottles({ shopId, orderId: 'o', potions: [{ sku: 'RED_0', quantity: 1n }] });
    await api().buyCapacity({ shopId, orderId: 'o', day: 1, potionUnits: 1n });
    const cartId = await fillCart(shopId, 'o', { RED_0: 1n });
    await api().checkOut(checkout(shopId, cartId));
    await api().recordVisit({ shopId, visitId: 'o', time: EVENING, customers: [ADA] });
    const others: [string, () => Promise<unknown>][] = [
      ['o', () => api().deliverBarrels({ ...barrels, barrels: [{ ...SMALL_RED, price: 99n }] })],
      ['o', () => api().deliverBottles({ shopId, orderId: 'o', potions: [{ sku: 'RED_0', quantity: 2n }] })],
      ['o', () => api().buyCapacity({ shopId, orderId: 'o', day: 2, potionUnits: 1n })],
      ['o', () => api().createCart({ shopId, requestId: 'o', customer: { ...ADA, level: 8 } })],
      ['o', () => api().recordVisit({ shopId, visitId: 'o', time: EVENING, customers: [] })],
      [cartId, () => api().checkOut({ ...checkout(shopId, cartId), payment: 'credit' })],
      [cartId, () => api().checkOut({ ...checkout(shopId, cartId), time: { day: 8, hour: 20 } })],
    ];
    for (const [id, call] of others) {
      await expect(call()).rejects.toMatchObject({
        ...{ code: 'ALREADY_EXISTS', reason: 'ID_REUSED', domain: 'cauldrons.v1', metadata: { id } },
      });
    }
  });
});

describe('customers', () => {
  it('of whom many want the last potion at once: one gets it', async () => {
    const shopId = await open('last');
    await stock(shopId, 1n);
    const carts = await Promise.all(names('rival', 12).map((id) => fillCart(shopId, id, { RED_0: 1n })));
    const sales = await settled(
      carts.flatMap((cartId, n) => [0, 1].map((turn) => api(n + turn).checkOut(checkout(shopId, cartId)))),
    );
    // The winner's two calls.
    expect(sales.answers).toHaveLength(2);
    expect(sales.answers[0]).toEqual(sales.answers[1]);
    expect(sales.errors).toHaveLength(22);
    for (const error of sales.errors) {
      expect(error).toMatchObject({
        ...{ code: 'FAILED_PRECONDITION', reason: 'SOLD_OUT', domain: 'cauldrons.v1' },
        metadata: { sku: 'RED_0', available: '0', required: '1' },
      });
    }
    expect(await audit(shopId)).toMatchObject({ gold: 150n, potions: 0n, potionCapacity: 50n });
    expect((await api().searchOrders({ shopId })).lines).toHaveLength(1);
  });

  it('get all of a cart or nothing, and SOLD_OUT stays the answer to it', async () => {
    const shopId = await open('whole');
    await api().putRecipe({ shopId, recipe: recipe('PURPLE_0', PURPLE, 70n) });
    await stock(shopId, 2n);
    const cartId = await fillCart(shopId, 'both', { RED_0: 2n, PURPLE_0: 1n });
    const refusal = { reason: 'SOLD_OUT', metadata: { sku: 'PURPLE_0', available: '0', required: '1' } };
    await expect(api().checkOut(checkout(shopId, cartId))).rejects.toMatchObject(refusal);
    expect(await audit(shopId)).toMatchObject({ gold: 100n, potions: 2n });
    await api().deliverBarrels({
      ...{ shopId, orderId: 'p', barrels: [{ ...SMALL_RED, mix: PURPLE, price: 0n }] },
    });
    await api().deliverBottles({ shopId, orderId: 'p', potions: [{ sku: 'PURPLE_0', quantity: 1n }] });
    await expect(api(1).checkOut(checkout(shopId, cartId))).rejects.toMatchObject(refusal);
    expect(await sell(shopId, 'again', { RED_0: 2n, PURPLE_0: 1n })).toMatchObject({ goldPaid: 170n });
  });

  it('pay the price of their checkout, and change nothing after it', async () => {
    const shopId = await open('pricing');
    await stock(shopId, 3n);
    const cartId = await fillCart(shopId, 'c', { RED_0: 3n });
    await api().putRecipe({ shopId, recipe: recipe('RED_0', RED, 60n) });
    await api().setCartItem({ shopId, cartId, sku: 'RED_0', quantity: 2n });
    const sold = await api().checkOut(checkout(shopId, cartId));
    expect(sold).toMatchObject({ potionsBought: 2n, goldPaid: 120n });
    await api().putRecipe({ shopId, recipe: recipe('RED_0', RED, 10n) });
    expect(await api(1).checkOut(checkout(shopId, cartId))).toEqual(sold);
    await expect(api().setCartItem({ shopId, cartId, sku: 'RED_0', quantity: 1n })).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'CART_CHECKED_OUT', metadata: { cart_id: cartId } },
    });
  });

  it('leave hour, weekday, class, species and level with the sale', async () => {
    const shopId = await open('kept');
    await stock(shopId, 1n);
    const { booking } = await sell(shopId, 'k', { RED_0: 1n });
    const { transaction } = await system.ledger.client().getTransaction(booking!);
    expect(transaction).toMatchObject({
      ...{ userId: 'cauldrons/kept', createTime: booking!.createTime },
      metadata: new Map(
        Object.entries({
          ...{ weekday: 'Bloomday', hour: '22', customer_id: 'c-1', level: '7' },
          ...{ character_class: 'Wizard', character_species: 'Elf' },
        }),
      ),
    });
    const { lines } = await api().searchOrders({ shopId });
    expect(lines).toEqual([
      {
        ...{
          cartId: transaction.reference,
          customer: ADA,
          sku: 'RED_0',
          quantity: 1n,
          price: 50n,
          total: 50n,
        },
        ...{ payment: 'gold', time: EVENING, weekday: Weekday.BLOOMDAY, createTime: booking!.createTime },
      },
    ]);
  });

  it('cannot buy with a cart that is empty, not there, or of another shop', async () => {
    const shopId = await open('carts');
    const { cartId } = await api().createCart({ shopId, requestId: 'e', customer: ADA });
    await expect(api().checkOut(checkout(shopId, cartId))).rejects.toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'CART_EMPTY', metadata: { cart_id: cartId } },
    });
    const item = { shopId, cartId, sku: 'RED_0', quantity: 1n };
    await api().setCartItem(item);
    await api().setCartItem({ ...item, quantity: 0n });
    await expect(api().checkOut(checkout(shopId, cartId))).rejects.toMatchObject({ reason: 'CART_EMPTY' });
    await expect(api().setCartItem({ ...item, sku: 'NONE' })).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', reason: 'RECIPE_NOT_FOUND', metadata: { sku: 'NONE' } },
    });
    const notFound = { code: 'NOT_FOUND', reason: 'CART_NOT_FOUND', metadata: { cart_id: cartId } };
    await expect(api().setCartItem({ ...item, shopId: 'other' })).rejects.toMatchObject(notFound);
    await expect(api().checkOut(checkout('other', cartId))).rejects.toMatchObject(notFound);
  });

  it('are remembered by their visit', async () => {
    const visit = { shopId: 'visited', visitId: 'v-1' };
    await expect(api().getVisit(visit)).rejects.toMatchObject({
      ...{ code: 'NOT_FOUND', reason: 'VISIT_NOT_FOUND', metadata: { visit_id: 'v-1' } },
    });
    const told = { time: EVENING, customers: [ADA, { ...ADA, customerId: 'c-2', name: 'Bo "B\\" Ümlaut' }] };
    await expectOneAnswer((n) => api(n).recordVisit({ ...visit, ...told }));
    expect(await api().getVisit(visit)).toEqual(told);
  });
});

describe('recipes', () => {
  it('keep their mix, one price per mix', async () => {
    const shopId = await open('recipes');
    const refusals: [ReturnType<typeof recipe>, object][] = [
      [
        recipe('RED_0', PURPLE, 5n),
        { code: 'FAILED_PRECONDITION', reason: 'RECIPE_FIXED', metadata: { sku: 'RED_0' } },
      ],
      [recipe('RED_1', RED, 5n), { code: 'ALREADY_EXISTS', reason: 'MIX_TAKEN', metadata: { sku: 'RED_0' } }],
    ];
    for (const [changed, refusal] of refusals) {
      await expect(api().putRecipe({ shopId, recipe: changed })).rejects.toMatchObject(refusal);
    }
    const renamed = { ...recipe('RED_0', RED, 500n), name: 'Ruby', offered: false };
    expect(await api().putRecipe({ shopId, recipe: renamed })).toEqual({ recipe: renamed });
    expect(await api().listRecipes({ shopId })).toEqual({ recipes: [renamed] });
  });

  it('are 24 at most, also of many at once; the catalog has 6 that are offered and in stock', async () => {
    const shopId = 'many-recipes';
    await api().resetShop({ shopId, resetId: 'r' });
    const recipes = names('SKU', 30).map((sku, n) =>
      recipe(sku.replace('-', '_'), { ...NO_ML, red: BigInt(n), blue: BigInt(100 - n) }, 20n),
    );
    const put = await settled(recipes.map((one, n) => api(n).putRecipe({ shopId, recipe: one })));
    expect(put.answers).toHaveLength(24);
    for (const error of put.errors) {
      expect(error).toMatchObject({ reason: 'TOO_MANY_RECIPES', metadata: { limit: '24' } });
    }
    const known = (await api().listRecipes({ shopId })).recipes;
    expect(known).toHaveLength(24);
    const [green, dark] = [
      { ...NO_ML, green: 100n },
      { ...NO_ML, dark: 100n },
    ];
    const barrels = [{ ...PURPLE, red: 30n, blue: 70n }, green, dark].map((mix, n) => ({
      ...{ ...SMALL_RED, price: 1n, mix, mlPerBarrel: n === 0 ? 8_000n : 100n },
    }));
    await api().deliverBarrels({ shopId, orderId: 'b', barrels });
    const potions = known.slice(0, 8).map(({ sku }, n) => ({ sku, quantity: BigInt(n + 1) }));
    await api().deliverBottles({ shopId, orderId: 'b', potions });
    await api().putRecipe({ shopId, recipe: { ...known[7]!, offered: false } });
    const { items } = await api().getCatalog({ shopId });
    expect(items.map((item) => [item.recipe?.sku, item.quantity])).toEqual(
      potions
        .slice(1, 7)
        .reverse()
        .map(({ sku, quantity }) => [sku, quantity]),
    );
    // With all recipes and colours in stock the reset is a transaction of 64 legs, as many as there may be.
    await give(shopId, 'FREE_POTIONS', 2n);
    const rest = known.slice(8).map(({ sku }) => ({ sku, quantity: 1n }));
    await api().deliverBottles({ shopId, orderId: 'rest', potions: rest });
    const { booking } = await api().resetShop({ shopId, resetId: 'again' });
    expect((await system.ledger.client().getTransaction(booking!)).transaction.entries).toHaveLength(64);
    expect(await audit(shopId)).toMatchObject({ gold: 100n, ml: 0n, potions: 0n, potionsBySku: [] });
  });
});

describe('what others give to the user of a shop', () => {
  it("is not the shop's: no audit, plan or reset knows of it", async () => {
    const shopId = await open('gifted');
    await stock(shopId, 3n);
    const order = { shopId, orderId: 'o', barrels: [{ ...SMALL_RED, mlPerBarrel: 200n, price: 10n }] };
    await api().deliverBarrels(order);
    const look = async (): Promise<unknown> =>
      Promise.all([
        ...[api().getAudit({ shopId }), api().getCatalog({ shopId }), api().planBottles({ shopId })],
        api().planBarrels({ shopId, offers: [{ ...SMALL_RED, price: 90n }] }),
      ]);
    const before = await look();
    // Before, among and behind the shop's own, by name.
    const gifts = ['COUPON:', 'POTION:0_', 'ML_', 'ZERO_'].flatMap((asset) => names(asset, 10));
    for (const asset of gifts) await give(shopId, asset, 7n);
    expect(await look()).toEqual(before);

    const { booking } = await api().resetShop({ shopId, resetId: 'r' });
    const { transaction } = await system.ledger.client().getTransaction(booking!);
    const moved = transaction.entries.filter(({ userId }) => userId === 'cauldrons/gifted');
    expect(moved.map(({ asset }) => asset).sort()).toEqual([
      ...['ERA', 'FREE_ML', 'FREE_POTIONS', 'GOLD', 'ML_RED', 'POTION:100_0_0_0'],
    ]);
    expect(await audit(shopId)).toEqual({
      ...{ gold: 100n, ml: 0n, potions: 0n, mlByColour: NO_ML, potionsBySku: [] },
      ...{ mlCapacity: 10_000n, potionCapacity: 50n, resets: 2n },
    });
    const { balances } = await system.ledger.client().listBalances({ userId: 'cauldrons/gifted' });
    expect(
      balances
        .filter(({ balance }) => balance === 7n)
        .map(({ asset }) => asset)
        .sort(),
    ).toEqual([...gifts].sort());
  });
});

describe('a reset', () => {
  it('takes a shop to its beginning, without the carts, once for its id', async () => {
    const shopId = await open('anew', 50_000n);
    await stock(shopId, 20n);
    await api().buyCapacity({ shopId, orderId: 'c', day: 0, potionUnits: 3n, mlUnits: 1n });
    const paid = await fillCart(shopId, 'paid', { RED_0: 1n });
    const sold = await api().checkOut(checkout(shopId, paid));
    const left = await fillCart(shopId, 'left', { RED_0: 1n });
    const first = await api().resetShop({ shopId, resetId: 'r' });
    const beginning = {
      ...{ gold: 100n, ml: 0n, potions: 0n, mlCapacity: 10_000n, potionCapacity: 50n, resets: 2n },
    };
    expect(await audit(shopId)).toMatchObject(beginning);

    await api().deliverBarrels({ shopId, orderId: 'after', barrels: [SMALL_RED] });
    expect(await api(1).resetShop({ shopId, resetId: 'r' })).toEqual(first);
    expect(await audit(shopId)).toMatchObject({ ...beginning, gold: 0n, ml: 500n });
    for (const call of [
      api().checkOut(checkout(shopId, left)),
      api().setCartItem({ shopId, cartId: left, sku: 'RED_0', quantity: 1n }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'CART_NOT_FOUND' });
    }
    expect(await api().checkOut(checkout(shopId, paid))).toEqual(sold);
    expect((await api().searchOrders({ shopId })).lines).toHaveLength(1);
  });

  it('gives up when something was booked after it looked, and stays so for its id', async () => {
    const shopId = await open('guarded');
    await stock(shopId, 5n);
    const cartId = await fillCart(shopId, 'c', { RED_0: 1n });
    // The reset has seen 5 potions and waits behind a sale of one of them.
    const lock = await lockAccount(system.ledger.database, `cauldrons/${shopId}`, 'GOLD');
    const sale = api().checkOut(checkout(shopId, cartId));
    await lock.untilBlocked();
    const looks = looksAtShops();
    const reset = api(1).resetShop({ shopId, resetId: 'r' });
    const refused = expect(reset).rejects.toMatchObject({
      ...{ code: 'ABORTED', reason: 'SHOP_CHANGED', domain: 'cauldrons.v1' },
    });
    await waitUntil('the reset has looked', () => looksAtShops() > looks);
    await lock.release();
    expect(await sale).toMatchObject({ goldPaid: 50n });
    await refused;
    expect(await audit(shopId)).toMatchObject({ gold: 150n, potions: 4n, potionCapacity: 50n, resets: 1n });
    await expect(api().resetShop({ shopId, resetId: 'r' })).rejects.toMatchObject({ reason: 'SHOP_CHANGED' });
    await api().resetShop({ shopId, resetId: 'r-2' });
    expect(await audit(shopId)).toMatchObject({ gold: 100n, potions: 0n, potionCapacity: 50n, resets: 2n });
  });
});

describe('an operator', () => {
  it('stops a shop: its account pays nothing, and a reset stays refused for its id', async () => {
    const shopId = await open('stopped', 100n);
    const account = { userId: `cauldrons/${shopId}`, asset: 'GOLD', updateMask: ['frozen'] };
    await system.ledger.client().updateAccount({ ...account, frozen: true });
    const frozen = { code: 'FAILED_PRECONDITION', reason: 'SHOP_FROZEN', domain: 'cauldrons.v1' };
    const barrels = { shopId, orderId: 'o', barrels: [SMALL_RED] };
    await expect(api().deliverBarrels(barrels)).rejects.toMatchObject(frozen);
    await expect(api().resetShop({ shopId, resetId: 'r' })).rejects.toMatchObject(frozen);
    await system.ledger.client().updateAccount({ ...account, frozen: false });
    await give(shopId, 'GOLD', 1n);
    await expect(api().resetShop({ shopId, resetId: 'r' })).rejects.toMatchObject(frozen);
    expect(await audit(shopId)).toMatchObject({ gold: 201n, resets: 1n });
  });

  it('who holds gold back has a reset refused, alike to its repeats', async () => {
    const shopId = await open('held', 100n);
    const held = { userId: `cauldrons/${shopId}`, asset: 'GOLD', amount: 150n };
    await system.ledger.client().placeHold(held);
    const refusal = { code: 'FAILED_PRECONDITION', reason: 'SHOP_FROZEN', domain: 'cauldrons.v1' };
    for (const turn of [0, 1]) {
      await expect(api(turn).resetShop({ shopId, resetId: 'r' })).rejects.toMatchObject(refusal);
    }
    expect(await audit(shopId)).toMatchObject({ gold: 200n, resets: 1n });
  });
});

describe('a reset among many', () => {
  it('of its own copies happens once; of others at once, each happens or changes nothing', async () => {
    const shopId = await open('copies', 900n);
    await expectOneAnswer((n) => api(n).resetShop({ shopId, resetId: 'copy' }));
    expect(await audit(shopId)).toMatchObject({ gold: 100n, resets: 2n });
    const resets = await settled(names('r', 8).map((resetId, n) => api(n).resetShop({ shopId, resetId })));
    for (const error of resets.errors) expect(error).toMatchObject({ reason: 'SHOP_CHANGED' });
    expect(resets.answers.length).toBeGreaterThan(0);
    expect(await audit(shopId)).toMatchObject({ gold: 100n, resets: 2n + BigInt(resets.answers.length) });
  });

  it('and sales leaves no potion, no room too much and no gold but that of sales before it', async () => {
    const shopId = 'fray';
    for (let round = 0; round < 6; round += 1) {
      await open(shopId, 0n, `open-${round}`);
      await stock(shopId, 12n, `stock-${round}`);
      const carts = await Promise.all(
        names(`c-${round}`, 12).map((id) => fillCart(shopId, id, { RED_0: 1n })),
      );
      const [reset, ...sales] = await Promise.all([
        settled([api(round).resetShop({ shopId, resetId: `r-${round}` })]),
        ...carts.map((cartId, n) => settled([api(n).checkOut(checkout(shopId, cartId))])),
      ]);
      const sold = BigInt(sales.flatMap(({ answers }) => answers).length);
      const happened = reset.answers.length === 1;
      expect(await audit(shopId)).toMatchObject({
        ...{ gold: happened ? 100n : 100n + 50n * sold, potions: happened ? 0n : 12n - sold },
        ...{ ml: 0n, mlCapacity: 10_000n, potionCapacity: 50n },
      });
    }
  });
});

describe('an audit', () => {
  it('is one snapshot, now and at any past instant, while others write', async () => {
    const shopId = await open('audited', 10_000n);
    const bookings: Trade[] = [];
    const carts = await Promise.all(names('c', 24).map((id) => fillCart(shopId, id, { RED_0: 1n })));
    const [begin] = (await system.ledger.client().listTransactions({ userId: `cauldrons/${shopId}` }))
      .transactions;
    let writing = true;
    const keep = async (
      write: Promise<{ booking: Trade['booking'] }>,
      change: Omit<Trade, 'booking'>,
    ): Promise<void> => {
      bookings.push({ ...change, booking: (await write).booking });
    };
    const barrel = { ...SMALL_RED, mlPerBarrel: 100n, price: 10n };
    const callers = [0, 1, 2, 3].map(async (caller) => {
      for (const cartId of carts.filter((_, n) => n % 4 === caller)) {
        const order = { shopId, orderId: `o-${cartId}` };
        await keep(api(caller).deliverBarrels({ ...order, barrels: [barrel] }), {
          gold: -10n,
          ml: 100n,
          potions: 0n,
        });
        const potions = [{ sku: 'RED_0', quantity: 1n }];
        await keep(api(caller).deliverBottles({ ...order, potions }), { gold: 0n, ml: -100n, potions: 1n });
        await keep(api(caller).checkOut(checkout(shopId, cartId)), { gold: 50n, ml: 0n, potions: -1n });
      }
    });
    const auditor = async (turn: number): Promise<void> => {
      while (writing) {
        const past = bookings[(turn * 7) % Math.max(bookings.length, 1)]?.booking?.createTime;
        const seen = await api(turn).getAudit({ shopId, asOfTime: turn % 2 === 0 ? undefined : past });
        expect(seen).toMatchObject({ mlCapacity: 10_000n, potionCapacity: 50n });
        // A bottle costs 10 gold and brings 50; what is not sold yet explains the rest.
        expect((seen.gold - 10_100n + seen.ml / 10n + 50n * seen.potions) % 40n).toBe(0n);
        turn += 1;
      }
    };
    const auditors = [auditor(0), auditor(1)];
    await Promise.all(callers);
    writing = false;
    await Promise.all(auditors);

    expect(bookings).toHaveLength(72);
    for (const { booking } of bookings) {
      const asOfTime = booking!.createTime!;
      const until = bookings.filter((trade) => microsOf(trade.booking!.createTime!) <= microsOf(asOfTime));
      const sum = (of: 'gold' | 'ml' | 'potions'): bigint =>
        until.reduce((all, trade) => all + trade[of], 0n);
      expect(await api().getAudit({ shopId, asOfTime })).toMatchObject({
        ...{ gold: 10_100n + sum('gold'), ml: sum('ml'), potions: sum('potions') },
      });
    }
    const { seconds } = begin!.createTime!;
    expect(await api().getAudit({ shopId, asOfTime: { seconds: seconds - 100n, nanos: 0 } })).toMatchObject({
      ...{ gold: 0n, mlCapacity: 0n, resets: 0n },
    });
  });
});

describe('a crash', () => {
  const unanswered = { code: 'UNAVAILABLE', reason: 'LEDGER_UNAVAILABLE', domain: 'cauldrons.v1' };

  it('between an order and its booking, or between that and the note of it, is mended by the repeat', async () => {
    const shopId = await open('crash');
    await stock(shopId, 5n);
    const booked = await fillCart(shopId, 'booked', { RED_0: 2n });
    const ordered = await fillCart(shopId, 'ordered', { RED_0: 1n });
    const lock = await lockAccount(system.ledger.database, `cauldrons/${shopId}`, 'GOLD');
    // The first is given up in the middle of its booking, the second in the queue behind it.
    const first = await givenUpWhile(
      () => lock.isBlocked(),
      (client) => client.call.checkOut(checkout(shopId, booked)),
    );
    expect(first).toMatchObject(unanswered);
    const second = await givenUpWhile(
      async () => (await ordersOf(shopId)).length === 2,
      (client) => client.call.checkOut(checkout(shopId, ordered)),
    );
    expect(second).toMatchObject(unanswered);
    await lock.release();
    const outcome = (cartId: string): Promise<unknown> =>
      system.ledger
        .client()
        .getRequest({ userId: `cauldrons/${shopId}`, requestId: `cauldrons:checkout:${cartId}` });
    await waitUntil('the first is booked', () =>
      outcome(booked).then(
        () => true,
        () => false,
      ),
    );
    await expect(outcome(ordered)).rejects.toMatchObject({ reason: 'REQUEST_NOT_FOUND' });
    expect(await ordersOf(shopId)).toEqual([
      { customer_name: ADA.name, is_booked: false },
      { customer_name: ADA.name, is_booked: false },
    ]);
    expect(await api().searchOrders({ shopId })).toMatchObject({ lines: [] });

    // The price of the order is that of the first call.
    await api().putRecipe({ shopId, recipe: recipe('RED_0', RED, 400n) });
    const answers = [booked, ordered].map((cartId) => api().checkOut(checkout(shopId, cartId)));
    expect(await Promise.all(answers)).toMatchObject([
      { potionsBought: 2n, goldPaid: 100n },
      { potionsBought: 1n, goldPaid: 50n },
    ]);
    expect(await audit(shopId)).toMatchObject({ gold: 250n, potions: 2n });
    expect((await api().searchOrders({ shopId })).lines).toHaveLength(2);
  });

  it('in a purchase of capacity, after the allowance of the day was given, is mended by the repeat', async () => {
    const shopId = await open('crash-capacity', 2_000n);
    const order = { shopId, orderId: 'o', day: 0, potionUnits: 1n, mlUnits: 1n };
    const lock = await lockAccount(system.ledger.database, `cauldrons/${shopId}`, 'GOLD');
    const error = await givenUpWhile(
      () => lock.isBlocked(),
      (client) => client.call.buyCapacity(order),
    );
    expect(error).toMatchObject(unanswered);
    await lock.release();
    const bought = await api().buyCapacity(order);
    expect(await api(1).buyCapacity(order)).toEqual(bought);
    expect(await audit(shopId)).toMatchObject({ gold: 100n, mlCapacity: 20_000n, potionCapacity: 100n });
  });

  /** The error of a call whose server gives up the ledger while the call is where `isThere` says. */
  function givenUpWhile(
    isThere: () => Promise<boolean>,
    call: (client: ServiceClient<typeof CauldronsServiceService>) => Promise<unknown>,
  ): Promise<unknown> {
    return expireWhile(isThere, async (timeoutMs) => {
      const hasty = await system.startAnother({ TEST_LEDGER_TIMEOUT_MS: String(timeoutMs) });
      const client = new ServiceClient(hasty.address, CauldronsServiceService);
      try {
        return await call(client);
      } finally {
        client.close();
        await hasty.stop();
      }
    });
  }

  function ordersOf(shopId: string): Promise<object[]> {
    return system.database.query(
      `SELECT customer_name, transaction_id IS NOT NULL AS is_booked FROM carts
        WHERE shop_id = $1 AND payment IS NOT NULL`,
      [shopId],
    );
  }
});

describe('the search for orders', () => {
  const shopId = 'searched';
  const buyers = ['Bo', 'ada', 'Ada Nightshade', 'Cy', 'Bo', 'Dee_%'];
  const all: Partial<SearchOrdersRequest> = { shopId, pageSize: 100 };

  beforeAll(async () => {
    await open(shopId);
    await api().putRecipe({ shopId, recipe: recipe('PURPLE_0', PURPLE, 30n) });
    const barrels = [RED, PURPLE].map((mix) => ({ ...SMALL_RED, mlPerBarrel: 2_000n, price: 0n, mix }));
    await api().deliverBarrels({ shopId, orderId: 's', barrels });
    const potions = ['PURPLE_0', 'RED_0'].map((sku) => ({ sku, quantity: 20n }));
    await api().deliverBottles({ shopId, orderId: 's', potions });
    for (const [n, name] of buyers.entries()) {
      await sell(shopId, `s-${n}`, { RED_0: BigInt(n % 3) + 1n, PURPLE_0: 1n }, { ...ADA, name });
    }
  });

  it('finds lines by parts of the customer and of the SKU', async () => {
    const found = async (query: Partial<SearchOrdersRequest>): Promise<string[]> =>
      (await api().searchOrders({ ...all, ...query })).lines.map(
        ({ customer, sku }) => `${customer?.name} ${sku}`,
      );
    expect(await found({ customer: 'ADA', sku: 'red' })).toEqual(['Ada Nightshade RED_0', 'ada RED_0']);
    expect(await found({ customer: '_%' })).toEqual(['Dee_% RED_0', 'Dee_% PURPLE_0']);
    expect(await found({ sku: 'D_0' })).toHaveLength(6);
    expect(await found({ shopId: 'other' })).toEqual([]);
  });

  const sorts: [string, OrderSort, (line: Line) => bigint | string][] = [
    ['time', OrderSort.TIME, (line) => microsOf(line.createTime!)],
    ['customer', OrderSort.CUSTOMER, (line) => line.customer!.name],
    ['SKU', OrderSort.SKU, (line) => line.sku],
    ['total', OrderSort.TOTAL, (line) => line.total],
  ];
  it.each(sorts)('sorts by %s, both ways, in pages forth and back', async (_, sort, keyOf) => {
    for (const ascending of [true, false]) {
      const search = { ...all, sort, ascending };
      const { lines, nextPageToken, previousPageToken } = await api().searchOrders(search);
      expect([lines.length, nextPageToken, previousPageToken]).toEqual([12, '', '']);
      const keys = lines.map(keyOf);
      const sorted = [...keys].sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
      expect(keys).toEqual(ascending ? sorted : sorted.reverse());

      const pages = [await api().searchOrders({ ...search, pageSize: 5 })];
      for (let page = pages[0]!; page.nextPageToken !== ''; pages.push(page)) {
        page = await api(1).searchOrders({ ...search, pageSize: 5, pageToken: page.nextPageToken });
      }
      expect(pages.map((page) => page.lines.length)).toEqual([5, 5, 2]);
      expect(pages.flatMap((page) => page.lines)).toEqual(lines);
      for (let n = pages.length - 1; n > 0; n -= 1) {
        const pageToken = pages[n]!.previousPageToken;
        expect((await api().searchOrders({ ...search, pageSize: 5, pageToken })).lines).toEqual(
          pages[n - 1]!.lines,
        );
      }
      const back = await api().searchOrders({
        ...search,
        pageSize: 5,
        pageToken: pages[1]!.previousPageToken,
      });
      expect(back.previousPageToken).toBe('');
    }
  });

  it('takes only tokens of its own', async () => {
    const { nextPageToken } = await api().searchOrders({ shopId, pageSize: 1 });
    for (const other of [
      { customer: 'a' },
      { sku: 'R' },
      { sort: OrderSort.TOTAL },
      { ascending: true },
      { shopId: 'other' },
    ]) {
      const search = { shopId, pageToken: nextPageToken, ...other };
      await expect(api().searchOrders(search)).rejects.toMatchObject(badField('page_token'));
    }
    for (const pageToken of ['x', 'bnVsbA', Buffer.from('["next","1","a","b","c"]').toString('base64url')]) {
      await expect(api().searchOrders({ shopId, pageToken })).rejects.toMatchObject(badField('page_token'));
    }
  });
});

describe('the simulation', () => {
  it('ends with audits that agree with what was answered', async () => {
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    const options = { address: system.address, shopId: 'simulated', ticks: 14, seed: 7, say };
    expect(await simulate(options)).toBe(true);
    expect(said).toContain('14 of 14 audits of past instants agree');
    // The network was as bad as it should be.
    const told = said.findLast((line) => line.startsWith('tick'));
    const [, repeated, lost] = / (\d+) repeated, (\d+) answers lost$/.exec(told ?? '') ?? [];
    expect(Number(repeated)).toBeGreaterThan(0);
    expect(Number(lost)).toBeGreaterThan(0);
    expect(said.at(-1)).toBe('the audit agrees with the account');
  });

  it('tells when a shop is not as it was answered', async () => {
    // Somebody else's reset.
    const shopId = await open('meddled');
    const said: string[] = [];
    const say = (line: string): void => void said.push(line);
    expect(await simulate({ address: second.address, shopId, ticks: 2, seed: 8, say })).toBe(false);
    expect(said.find((line) => line.startsWith('resets'))).toMatch(/ 3 {2}NOT 2$/);
    expect(said.at(-1)).toBe('THE AUDIT DOES NOT AGREE WITH THE ACCOUNT');
  });
});

/** An offer of nothing, and what the answer to many of it names: the first 24 faults. */
const NOTHING = Barrels.fromPartial({});
const FAULTS_OF_NOTHINGS = [
  'offers',
  ...names('offers', 6).flatMap((_, n) =>
    ['sku', 'ml_per_barrel', 'mix', 'quantity'].map((field) => `offers[${n}].${field}`),
  ),
].slice(0, 24);

describe('what is malformed', () => {
  const shopId = 'bad';
  const order = { shopId, orderId: 'o' };
  const cart = { shopId, cartId: 'A'.repeat(32) };
  const put = { shopId, recipe: recipe('RED_0', RED, 5n) };
  const visit = { shopId, visitId: 'v', time: EVENING, customers: [ADA] };
  const cases: { [Name in keyof Api]: [Parameters<Api[Name]>[0], ...string[]][] } = {
    putRecipe: [
      [{ ...put, shopId: 'UPPER' }, 'shop_id'],
      [{ shopId }, 'recipe'],
      [{ ...put, recipe: { ...put.recipe, sku: 'a'.repeat(21) } }, 'recipe.sku'],
      [{ ...put, recipe: { ...put.recipe, sku: 'RED-0' } }, 'recipe.sku'],
      [{ ...put, recipe: { ...put.recipe, name: '' } }, 'recipe.name'],
      [{ ...put, recipe: { ...put.recipe, price: 0n } }, 'recipe.price'],
      [{ ...put, recipe: { ...put.recipe, price: 501n } }, 'recipe.price'],
      [{ ...put, recipe: { ...put.recipe, mix: undefined } }, 'recipe.mix'],
      [{ ...put, recipe: { ...put.recipe, mix: { ...RED, blue: 1n } } }, 'recipe.mix'],
      [
        { ...put, recipe: { ...put.recipe, mix: { ...NO_ML, red: INT64_MAX, green: INT64_MAX } } },
        'recipe.mix.red',
        'recipe.mix.green',
      ],
      [
        { ...put, recipe: { ...put.recipe, mix: { ...NO_ML, red: 101n, blue: -1n } } },
        'recipe.mix.red',
        'recipe.mix.blue',
      ],
    ],
    listRecipes: [[{ shopId: '' }, 'shop_id']],
    getCatalog: [[{ shopId: 'a/b' }, 'shop_id']],
    planBarrels: [
      [{ shopId: '' }, 'shop_id'],
      [{ shopId, offers: [SMALL_RED, SMALL_RED] }, 'offers'],
      [{ shopId, offers: Array.from({ length: 200 }, () => NOTHING) }, ...FAULTS_OF_NOTHINGS],
      [{ shopId, offers: [{ ...SMALL_RED, price: -1n }] }, 'offers[0].price'],
    ],
    deliverBarrels: [
      [{ shopId, barrels: [SMALL_RED] }, 'order_id'],
      [{ ...order, orderId: 'a:b', barrels: [SMALL_RED] }, 'order_id'],
      [{ ...order }, 'barrels'],
      [{ ...order, barrels: [{ ...SMALL_RED, quantity: 0n }] }, 'barrels[0].quantity'],
      [{ ...order, barrels: [SMALL_RED, { ...SMALL_RED, quantity: 10_001n }] }, 'barrels[1].quantity'],
      [{ ...order, barrels: [{ ...SMALL_RED, mlPerBarrel: 0n }] }, 'barrels[0].ml_per_barrel'],
      [{ ...order, barrels: [{ ...SMALL_RED, mix: PURPLE, mlPerBarrel: 5n }] }, 'barrels[0]'],
      [{ ...order, barrels: [{ ...SMALL_RED, mix: undefined }] }, 'barrels[0].mix'],
      [{ ...order, barrels: [{ ...SMALL_RED, mlPerBarrel: INT64_MAX }] }, 'barrels[0].ml_per_barrel'],
      [{ ...order, barrels: [{ ...SMALL_RED, mix: { ...NO_ML, red: INT64_MAX } }] }, 'barrels[0].mix.red'],
    ],
    planBottles: [[{ shopId: '' }, 'shop_id']],
    deliverBottles: [
      [{ ...order, orderId: '', potions: [{ sku: 'R', quantity: 1n }] }, 'order_id'],
      [{ ...order }, 'potions'],
      [{ ...order, potions: [{ sku: 'R', quantity: 0n }] }, 'potions[0].quantity'],
      [{ ...order, potions: [{ sku: 'R', quantity: 10_001n }] }, 'potions[0].quantity'],
      [
        {
          ...order,
          potions: [
            { sku: 'R', quantity: 1n },
            { sku: 'R', quantity: 2n },
          ],
        },
        'potions',
      ],
      [{ ...order, potions: Array.from({ length: 4_000 }, () => ({ sku: 'R', quantity: 1n })) }, 'potions'],
    ],
    buyCapacity: [
      [{ ...order }, 'potion_units'],
      [{ ...order, mlUnits: 11n }, 'ml_units'],
      [{ ...order, potionUnits: INT64_MAX, mlUnits: INT64_MAX }, 'potion_units', 'ml_units'],
      [{ ...order, potionUnits: -1n, mlUnits: 2n }, 'potion_units'],
      [{ ...order, mlUnits: 1n, day: -1 }, 'day'],
    ],
    recordVisit: [
      [{ ...visit, visitId: '' }, 'visit_id'],
      [{ ...visit, time: undefined }, 'time'],
      [{ ...visit, time: { day: 1, hour: 3 } }, 'time.hour'],
      [{ ...visit, time: { day: 1, hour: 24 } }, 'time.hour'],
      [{ ...visit, customers: [{ ...ADA, level: 0 }] }, 'customers[0].level'],
      [{ ...visit, customers: [ADA, { ...ADA, level: 21 }] }, 'customers[1].level'],
      [{ ...visit, customers: [{ ...ADA, name: 'a\0' }] }, 'customers[0].name'],
    ],
    getVisit: [[{ shopId }, 'visit_id']],
    createCart: [
      [{ shopId, requestId: 'r' }, 'customer'],
      [{ shopId, requestId: '', customer: ADA }, 'request_id'],
      [{ shopId, requestId: 'r', customer: { ...ADA, characterClass: '' } }, 'customer.character_class'],
    ],
    setCartItem: [
      [{ ...cart, cartId: 'x', sku: 'R' }, 'cart_id'],
      [{ ...cart, sku: '' }, 'sku'],
      [{ ...cart, sku: 'R', quantity: -1n }, 'quantity'],
      [{ ...cart, sku: 'R', quantity: 10_001n }, 'quantity'],
    ],
    checkOut: [
      [{ ...cart, time: EVENING }, 'payment'],
      [{ ...cart, payment: 'gold' }, 'time'],
    ],
    searchOrders: [
      [{ shopId, sort: 9 as never }, 'sort'],
      [{ shopId, pageSize: 101 }, 'page_size'],
      [{ shopId, sku: '%' }, 'sku'],
    ],
    getAudit: [
      [{ shopId: '' }, 'shop_id'],
      [{ shopId, asOfTime: { seconds: 253402300800n, nanos: 0 } }, 'as_of_time'],
      [{ shopId, asOfTime: { seconds: 1n, nanos: -5 } }, 'as_of_time'],
      [{ shopId, asOfTime: { seconds: 1n, nanos: 2_000_000_000 } }, 'as_of_time'],
    ],
    resetShop: [[{ shopId }, 'reset_id']],
  };

  it.each(Object.entries(cases))('%s refuses it and names the fields', async (name, requests) => {
    const send = api()[name as keyof Api] as (request: object) => Promise<unknown>;
    for (const [request, ...fields] of requests) {
      await expect(send(request)).rejects.toMatchObject(badField(...fields));
    }
  });
});

function badField(...fields: string[]): object {
  return { code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'cauldrons.v1', fields };
}

/** What a trade did to its shop. */
interface Trade {
  readonly booking: { createTime: { seconds: bigint; nanos: number } | undefined } | undefined;
  readonly gold: bigint;
  readonly ml: bigint;
  readonly potions: bigint;
}

type Line = Awaited<ReturnType<Api['searchOrders']>>['lines'][number];

/** One of the two servers, in turn. */
function api(turn = 0): Api {
  return clients[turn % clients.length]!.call;
}

function audit(shopId: string): Promise<GetAuditResponse> {
  return api().getAudit({ shopId });
}

/** A shop with a recipe for red potions, and more gold than it begins with. */
async function open(shopId: string, extraGold = 0n, resetId = 'open'): Promise<string> {
  await api().resetShop({ shopId, resetId });
  await api().putRecipe({ shopId, recipe: recipe('RED_0', RED, 50n) });
  if (extraGold > 0n) await give(shopId, 'GOLD', extraGold);
  return shopId;
}

/** Out of nowhere, so that a test can begin with anything. */
async function give(shopId: string, asset: string, amount: bigint): Promise<void> {
  await system.ledger.client().credit({ userId: `cauldrons/${shopId}`, asset, amount });
}

/** So many red potions, for nothing. */
async function stock(shopId: string, potions: bigint, orderId = 'stock'): Promise<void> {
  const barrels = [{ ...SMALL_RED, mlPerBarrel: 100n * potions, price: 0n }];
  await api().deliverBarrels({ shopId, orderId, barrels });
  await api().deliverBottles({ shopId, orderId, potions: [{ sku: 'RED_0', quantity: potions }] });
}

function recipe(sku: string, mix: typeof RED, price: bigint) {
  return { sku, name: `Potion ${sku}`, mix, price, offered: true };
}

async function fillCart(
  shopId: string,
  requestId: string,
  items: Readonly<Record<string, bigint>>,
  customer = ADA,
): Promise<string> {
  const { cartId } = await api().createCart({ shopId, requestId, customer });
  for (const [sku, quantity] of Object.entries(items)) {
    await api(1).setCartItem({ shopId, cartId, sku, quantity });
  }
  return cartId;
}

function checkout(shopId: string, cartId: string): CheckOutRequest {
  return { shopId, cartId, payment: 'gold', time: EVENING };
}

async function sell(...cart: Parameters<typeof fillCart>): ReturnType<Api['checkOut']> {
  return api().checkOut(checkout(cart[0], await fillCart(...cart)));
}

/** Sends a call many times at once, and once more. */
async function expectOneAnswer(send: (turn: number) => Promise<unknown>): Promise<void> {
  const answers = await Promise.all(names('n', 8).map((_, n) => send(n)));
  for (const answer of [...answers, await send(0)]) expect(answer).toEqual(answers[0]);
}

async function settled<T>(calls: readonly Promise<T>[]): Promise<{ answers: T[]; errors: unknown[] }> {
  const results = await Promise.allSettled(calls);
  return {
    answers: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    errors: results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
  };
}

/** How often the ledger has told what a shop has. */
function looksAtShops(): number {
  const calls = system.ledger.servers.flatMap((server) => server.calls);
  return calls.filter(({ method }) => method.endsWith('BatchGetBalances')).length;
}

function microsOf({ seconds, nanos }: { seconds: bigint; nanos: number }): bigint {
  return seconds * 1_000_000n + BigInt(nanos / 1_000);
}

function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
}
