import { status } from '@grpc/grpc-js';
import type { Item, LedgerError } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

describe.each(TOPOLOGIES)('items that are edited while others work ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));
  afterEach(() => expect(ledger.refusals()).toEqual([]));

  it('are sold at the price of the version that the purchase names, whatever is put meanwhile', async () => {
    const itemId = 'coupon';
    await put(itemId, 10n, 0);
    const buyers = Array.from({ length: 8 }, (_, n) => `buyer-${n}`);
    await Promise.all(
      buyers.map((userId) => ledger.client().credit({ userId, asset: 'GOLD', amount: 100_000n })),
    );

    const edits = Array.from({ length: 30 }, (_, n) => () => put(itemId, BigInt(11 + n), n));
    const purchases = Array.from({ length: 300 }, (_, n) => () => buy(itemId, buyers[n % 8]!, n));
    const [items, paid] = await Promise.all([inParallel(edits, 2), inParallel(purchases, 40)]);

    const prices = new Map(items.map(({ version, price }) => [version, price]));
    prices.set(1n, 10n);
    expect(prices.size).toBe(31);
    for (const { transaction } of paid) {
      const { priceVersion, unitPrice, quantity } = transaction.item!;
      expect(unitPrice).toBe(prices.get(priceVersion));
      expect(transaction.entries[0]?.change).toBe(-unitPrice * quantity);
    }
    // They did run at the same time.
    expect(new Set(paid.map(({ transaction }) => transaction.item?.priceVersion)).size).toBeGreaterThan(3);
    for (const item of items) {
      expect((await ledger.client(1).getItem({ itemId, version: item.version })).item).toEqual(item);
    }
  });

  it('take one of two edits that expect the same version', async () => {
    const itemId = 'contested';
    let { version } = await put(itemId, 1n, 0);
    for (let round = 0; round < 25; round += 1) {
      const expectedVersion = version;
      const results = await Promise.allSettled([
        put(itemId, 100n + BigInt(round), 0, expectedVersion),
        put(itemId, 200n + BigInt(round), 1, expectedVersion),
      ]);

      const won = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
      const lost = results.flatMap((result) =>
        result.status === 'rejected' ? (result.reason as LedgerError) : [],
      );
      version = expectedVersion + 1n;
      expect(won).toMatchObject([{ version }]);
      expect(lost).toMatchObject([
        {
          code: status.ABORTED,
          reason: 'CONFLICT',
          metadata: { item_id: itemId, expected: String(expectedVersion), current: String(version) },
        },
      ]);
      expect((await ledger.client(round).getItem({ itemId })).item).toEqual(won[0]);
    }
  });

  it('take all edits that expect nothing, one version each', async () => {
    for (let round = 0; round < 5; round += 1) {
      const itemId = `free-${round}`;
      const items = await Promise.all(Array.from({ length: 10 }, (_, n) => put(itemId, BigInt(n) + 1n, n)));
      const versions = items.map(({ version }) => Number(version)).sort((a, b) => a - b);
      expect(versions).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const last = items.find(({ version }) => version === 10n);
      expect((await ledger.client().getItem({ itemId })).item).toEqual(last);
    }
  });

  it('refuse an edit that expects a version which is not there yet, and book nothing', async () => {
    await expect(put('unborn', 1n, 0, 1n)).rejects.toMatchObject({
      reason: 'CONFLICT',
      metadata: { item_id: 'unborn', expected: '1', current: '0' },
    });
    await expect(ledger.client(1).getItem({ itemId: 'unborn' })).rejects.toMatchObject({
      reason: 'ITEM_NOT_FOUND',
    });
  });

  async function put(itemId: string, price: bigint, turn: number, expectedVersion = 0n): Promise<Item> {
    const request = { itemId, name: 'Item', asset: 'GOLD', price, active: true, expectedVersion };
    return (await ledger.client(turn).putItem(request)).item;
  }

  function buy(itemId: string, userId: string, turn: number) {
    const value = { itemId, quantity: BigInt(turn % 3) + 1n };
    return ledger.client(turn).purchase({ userId, subject: { $case: 'item', value } });
  }
});

/** Runs so many at a time, each worker one after the other. */
async function inParallel<T>(tasks: readonly (() => Promise<T>)[], workers: number): Promise<T[]> {
  const waiting = [...tasks];
  const results: T[] = [];
  const worker = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) results.push(await task());
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return results;
}
