import { status } from '@grpc/grpc-js';
import type { PurchaseResponse, PutItemRequest } from '@ledger/client';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { startTestServer, type TestServer } from '../harness/test-server';

describe.each(TOPOLOGIES)('the price of an item ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  /** A server on the same database that honours no superseded price. */
  let strict: TestServer;
  let itemId: string;
  let userId: string;
  let tests = 0;

  beforeAll(async () => {
    // One worker: the batch that waits for a lock holds up the next one. Each write by itself: it comes at once.
    ledger = await startLedger(servers, { batchWorkers: 1 }, { coalesce: false });
    strict = await startTestServer(ledger.database.url, { priceGraceMs: 0 });
  });
  afterAll(async () => {
    await strict.stop();
    await ledger.dispose();
  });
  beforeEach(async () => {
    tests += 1;
    itemId = `item-${tests}`;
    userId = `user-${tests}`;
    await ledger.client().credit({ userId, asset: 'GOLD', amount: 1_000n });
  });
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));

  it('is the current one when the purchase names no version', async () => {
    await put({ price: 10n });
    await put({ price: 20n, name: 'Better mug' });

    const { transaction, balance } = await purchase({ quantity: 3n });
    expect(transaction.item).toEqual({
      ...{ itemId, name: 'Better mug', priceVersion: 2n, unitPrice: 20n, quantity: 3n },
    });
    expect(transaction.entries.map(({ change }) => change)).toEqual([-60n, 60n]);
    expect(balance.balance).toBe(940n);
  });

  it('is that of the version that the buyer saw, whether current or superseded within the grace period', async () => {
    await put({ price: 10n });
    expect((await purchase({ priceVersion: 1n })).balance.balance).toBe(990n);
    await put({ price: 20n, name: 'Better mug' });
    await put({ price: 30n });

    const { transaction, balance } = await purchase({ priceVersion: 1n, quantity: 2n });
    expect(transaction.item).toEqual({
      ...{ itemId, name: 'Mug', priceVersion: 1n, unitPrice: 10n, quantity: 2n },
    });
    expect(balance.balance).toBe(970n);
    expect((await purchase({ priceVersion: 2n })).balance.balance).toBe(950n);
    expect((await purchase({ priceVersion: 3n })).balance.balance).toBe(920n);
  });

  it('is refused once it was superseded longer ago than the grace period, with the current one', async () => {
    await put({ price: 10n });
    await put({ price: 20n });
    await put({ price: 30n });

    await expect(
      strict.client.purchase({ userId, subject: subject({ priceVersion: 1n }) }),
    ).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: 'PRICE_CHANGED',
      metadata: {
        item_id: itemId,
        price_version: '1',
        current_version: '3',
        current_price: '30',
        asset: 'GOLD',
      },
    });
    const paid = await strict.client.purchase({ userId, subject: subject({ priceVersion: 3n }) });
    expect(paid.balance).toMatchObject({ balance: 970n, sequence: 2n });
  });

  it('is judged before the funds', async () => {
    await put({ price: 5_000n });
    await expect(purchase({})).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    await put({ price: 6_000n });
    await expect(
      strict.client.purchase({ userId, subject: subject({ priceVersion: 1n }) }),
    ).rejects.toMatchObject({ reason: 'PRICE_CHANGED' });
  });

  it('is unknown for a version that there is not, and for an item that there is not', async () => {
    await expect(purchase({})).rejects.toMatchObject({
      code: status.NOT_FOUND,
      reason: 'ITEM_NOT_FOUND',
      metadata: { item_id: itemId },
    });
    await put({ price: 10n });
    await expect(purchase({ priceVersion: 2n })).rejects.toMatchObject({
      code: status.NOT_FOUND,
      reason: 'ITEM_NOT_FOUND',
      metadata: { item_id: itemId, version: '2' },
    });
    const last = 2n ** 63n - 1n;
    const unknown = { reason: 'ITEM_NOT_FOUND', metadata: { item_id: itemId, version: String(last) } };
    await expect(purchase({ priceVersion: last })).rejects.toMatchObject(unknown);
    await expect(ledger.client().getItem({ itemId, version: last })).rejects.toMatchObject(unknown);
  });

  it('counts for nothing while the item is not sold, even within the grace period', async () => {
    await put({ price: 10n });
    await put({ price: 10n, active: false });
    for (const priceVersion of [0n, 1n, 2n]) {
      await expect(purchase({ priceVersion })).rejects.toMatchObject({
        code: status.FAILED_PRECONDITION,
        reason: 'ITEM_INACTIVE',
        metadata: { item_id: itemId, current_version: '2' },
      });
    }
    // Whether it was sold then does not matter either.
    await put({ price: 30n });
    expect((await purchase({ priceVersion: 2n })).balance.balance).toBe(990n);
  });

  it('that passes int64 in total is refused', async () => {
    await put({ price: 2n ** 62n });
    await expect(purchase({ quantity: 2n })).rejects.toMatchObject({
      code: status.OUT_OF_RANGE,
      reason: 'AMOUNT_OVERFLOW',
      metadata: { item_id: itemId, price: String(2n ** 62n), quantity: '2' },
    });
  });

  it('stays what it was for a replay', async () => {
    await put({ price: 10n });
    const request = { requestId: `replay-${itemId}`, userId, subject: subject({}) };
    const first = await ledger.client().purchase(request);
    await put({ price: 999n });
    expect(await ledger.client(1).purchase(request)).toEqual({
      ...first,
      replayed: true,
      position: expect.any(String),
    });
  });

  it('buys what the item grants, in the same transaction', async () => {
    const grantAsset = `TICKET:${tests}`;
    await put({ price: 10n, grantAsset });

    const { transaction, balance } = await purchase({ quantity: 4n });
    expect(balance).toMatchObject({ asset: 'GOLD', balance: 960n });
    expect(transaction.entries).toMatchObject([
      { userId, asset: 'GOLD', change: -40n, balanceAfter: 960n },
      { userId: '@revenue', asset: 'GOLD', change: 40n },
      { userId, asset: grantAsset, change: 4n, balanceAfter: 4n, sequence: 1n },
      { userId: '@issuance', asset: grantAsset, change: -4n },
    ]);
    await expect(purchase({ quantity: 97n })).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    expect((await ledger.client(1).getBalance({ userId, asset: grantAsset })).balance).toMatchObject({
      balance: 4n,
      sequence: 1n,
    });
  });

  it('grants what the version that was paid granted', async () => {
    await put({ price: 10n, grantAsset: 'OLD' });
    await put({ price: 20n, grantAsset: 'NEW' });
    const granted = async (priceVersion: bigint) =>
      (await purchase({ priceVersion })).transaction.entries[2]?.asset;
    expect([await granted(1n), await granted(2n), await granted(0n)]).toEqual(['OLD', 'NEW', 'NEW']);
  });

  it('is there for a purchase that shares the batch with the PutItem that makes the item', async () => {
    await ledger.client().credit({ userId: `${userId}-lock`, asset: 'GOLD', amount: 1n });
    const lock = await lockAccount(ledger.database, `${userId}-lock`, 'GOLD');
    try {
      const first = ledger.client().credit({ userId: `${userId}-lock`, asset: 'GOLD', amount: 1n });
      await lock.untilBlocked();
      // A read that is answered shows that what was sent before it has reached the queue.
      const tooEarly = purchase({});
      const refused = expect(tooEarly).rejects.toMatchObject({ reason: 'ITEM_NOT_FOUND' });
      await ledger.client().getBalance({ userId, asset: 'GOLD' });
      const made = put({ price: 10n, grantAsset: `GRANT-${tests}`, requestId: `put-${itemId}` }, 0);
      await ledger.client().getBalance({ userId, asset: 'GOLD' });
      const bought = ledger
        .client()
        .purchase({ requestId: `buy-${itemId}`, userId, subject: subject({ quantity: 2n }) });
      await ledger.client().getBalance({ userId, asset: 'GOLD' });
      await lock.release();

      await Promise.all([first, refused, made]);
      expect(await bought).toMatchObject({
        balance: { balance: 980n },
        transaction: { entries: { length: 4 } },
      });
      const calls = ledger.servers[0]!.calls.filter(({ requestId }) =>
        [`put-${itemId}`, `buy-${itemId}`].includes(requestId ?? ''),
      );
      expect(calls).toMatchObject([{ batchSize: 3 }, { batchSize: 3 }]);
    } finally {
      await lock.release();
    }
  });

  interface Wanted {
    quantity?: bigint;
    priceVersion?: bigint;
  }

  function subject({ quantity = 1n, priceVersion = 0n }: Wanted) {
    return { $case: 'item', value: { itemId, quantity, priceVersion } } as const;
  }

  function purchase(wanted: Wanted): Promise<PurchaseResponse> {
    return ledger.client().purchase({ userId, subject: subject(wanted) });
  }

  function put(version: Partial<PutItemRequest> & { price: bigint }, turn = 1) {
    return ledger.client(turn).putItem({ itemId, name: 'Mug', asset: 'GOLD', active: true, ...version });
  }
});
