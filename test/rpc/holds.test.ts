/** @paused: also run by `npm run test:paused`. */
import { HoldState } from '@ledger/client';
import { bucketOf } from '../../services/ledger/src/ledger/bucket';
import { bucketOfId } from '../../services/ledger/src/ledger/transaction-id';
import { checkLedger } from '../harness/check-ledger';
import { databaseTimeIn, letTimePass, type Moment } from '../harness/database-clock';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { startTestServer } from '../harness/test-server';
import { unforeseenFaults } from '../harness/unforeseen-faults';

const asset = 'GOLD';

describe.each(TOPOLOGIES)('a hold ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  beforeEach(async () => {
    users += 1;
    userId = `ada-${users}`;
    await ledger.client().credit({ userId, asset, amount: 100n });
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it('lowers what is available and not the balance', async () => {
    const { hold, balance } = await place(60n);

    expect(hold).toMatchObject({
      ...{ userId, asset, amount: 60n, capturedAmount: 0n, state: HoldState.OPEN },
      ...{ destination: '@revenue', expireTime: undefined },
    });
    expect(balance).toMatchObject({ balance: 100n, held: 60n, available: 40n, sequence: 1n });
    expect(await balanceOf()).toMatchObject({ balance: 100n, held: 60n, available: 40n, sequence: 1n });
    await expect(spend(41n)).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { balance: '100', available: '40', required: '41', sequence: '1' },
    });
    await expect(place(41n)).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { available: '40', required: '41' },
    });
    await spend(40n);
    expect(await balanceOf()).toMatchObject({ balance: 60n, held: 60n, available: 0n });
  });

  it('is captured whole, although nothing else is there', async () => {
    const { hold } = await place(100n, '@shop');
    const captured = await ledger.client(1).captureHold({ userId, holdId: hold.holdId });

    expect(captured.transaction.entries).toMatchObject([
      { userId, change: -100n, balanceAfter: 0n },
      { userId: '@shop', change: 100n },
    ]);
    expect(captured.hold).toMatchObject({ state: HoldState.CAPTURED, amount: 100n, capturedAmount: 100n });
    // Both ids tell the bucket of their owner.
    expect(bucketOfId(hold.holdId)).toBe(bucketOf(userId));
    expect(bucketOfId(captured.transaction.transactionId)).toBe(bucketOf(userId));
    expect(captured.balance).toMatchObject({ balance: 0n, held: 0n, available: 0n });
    expect((await ledger.client().getHold({ userId, holdId: hold.holdId })).hold).toEqual(captured.hold);
  });

  it('is captured in part, which frees the rest', async () => {
    const { hold } = await place(60n);
    const captured = await ledger.client(1).captureHold({ userId, holdId: hold.holdId, amount: 25n });

    expect(captured.hold).toMatchObject({ state: HoldState.CAPTURED, amount: 60n, capturedAmount: 25n });
    expect(captured.balance).toMatchObject({ balance: 75n, held: 0n, available: 75n });
    await expect(ledger.client().captureHold({ userId, holdId: hold.holdId })).rejects.toMatchObject({
      reason: 'HOLD_NOT_OPEN',
      metadata: { hold_id: hold.holdId, state: 'CAPTURED', sequence: '2' },
    });
  });

  it('is not captured for more than it holds, and stays open', async () => {
    const { hold } = await place(60n);
    await expect(
      ledger.client(1).captureHold({ userId, holdId: hold.holdId, amount: 61n }),
    ).rejects.toMatchObject({
      reason: 'CAPTURE_EXCEEDS_HOLD',
      metadata: { hold_id: hold.holdId, held: '60', requested: '61', sequence: '1' },
    });
    expect(await balanceOf()).toMatchObject({ balance: 100n, held: 60n });
    expect((await ledger.client().captureHold({ userId, holdId: hold.holdId, amount: 60n })).replayed).toBe(
      false,
    );
  });

  it('is released, which frees all of it', async () => {
    const { hold } = await place(60n);
    const released = await ledger.client(1).releaseHold({ userId, holdId: hold.holdId });

    expect(released.hold).toMatchObject({ state: HoldState.RELEASED, capturedAmount: 0n });
    expect(released.balance).toMatchObject({ balance: 100n, held: 0n, available: 100n, sequence: 1n });
    for (const call of [() => capture(hold.holdId), () => release(hold.holdId)]) {
      await expect(call()).rejects.toMatchObject({
        reason: 'HOLD_NOT_OPEN',
        metadata: { state: 'RELEASED' },
      });
    }
  });

  it('belongs to one user', async () => {
    const { hold } = await place(60n);
    const other = { userId: 'somebody', holdId: hold.holdId };
    await expect(ledger.client().captureHold(other)).rejects.toMatchObject({ reason: 'HOLD_NOT_FOUND' });
    await expect(ledger.client().releaseHold(other)).rejects.toMatchObject({ reason: 'HOLD_NOT_FOUND' });
    expect(await balanceOf()).toMatchObject({ held: 60n });
  });

  it('that has expired is never captured nor released, and frees its amount at once', async () => {
    const expireTime = await databaseTimeIn(ledger.database, AN_HOUR_MS);
    const { hold } = await place(100n, '', expireTime);
    expect(hold.expireTime).toEqual(expireTime);
    await letTimePass(ledger.database, AN_HOUR_MS);

    // Reads go first: nobody has touched the account since.
    expect(await balanceOf()).toMatchObject({ balance: 100n, held: 0n, available: 100n });
    expect((await ledger.client(1).getHold({ userId, holdId: hold.holdId })).hold).toMatchObject({
      state: HoldState.EXPIRED,
    });
    for (const call of [() => capture(hold.holdId), () => release(hold.holdId)]) {
      await expect(call()).rejects.toMatchObject({ reason: 'HOLD_NOT_OPEN', metadata: { state: 'EXPIRED' } });
    }
    expect((await spend(100n)).balance).toMatchObject({ balance: 0n, held: 0n });
  });

  it('expires by itself, each at its own time, and leaves the others', async () => {
    const soon = await databaseTimeIn(ledger.database, AN_HOUR_MS);
    const later = await databaseTimeIn(ledger.database, 3 * AN_HOUR_MS);
    await place(20n, '', later);
    await place(30n, '', soon);
    await place(10n);
    expect(await balanceOf()).toMatchObject({ balance: 100n, held: 60n, available: 40n });
    await letTimePass(ledger.database, 2 * AN_HOUR_MS);
    expect(await balanceOf()).toMatchObject({ balance: 100n, held: 30n, available: 70n });
    // The write that expires the first notes when the second is due.
    await ledger.client(1).credit({ userId, asset, amount: 1n });
    expect(await balanceOf()).toMatchObject({ balance: 101n, held: 30n, available: 71n });
    await letTimePass(ledger.database, 2 * AN_HOUR_MS);

    expect(await balanceOf()).toMatchObject({ balance: 101n, held: 10n, available: 91n });
    expect((await spend(91n)).balance).toMatchObject({ balance: 10n, held: 10n, available: 0n });
  });

  it('expires while no server runs', async () => {
    const server = await startTestServer(ledger.database.url);
    const expireTime = await databaseTimeIn(ledger.database, AN_HOUR_MS);
    const { hold } = await server.client.placeHold({ userId, asset, amount: 100n, expireTime });
    await server.stop();
    await letTimePass(ledger.database, AN_HOUR_MS);

    const next = await startTestServer(ledger.database.url);
    try {
      // The very first write finds it gone.
      const subject = { $case: 'price', value: { asset, amount: 100n } } as const;
      expect((await next.client.purchase({ userId, subject })).balance).toMatchObject({ balance: 0n });
      await expect(next.client.captureHold({ userId, holdId: hold.holdId })).rejects.toMatchObject({
        reason: 'HOLD_NOT_OPEN',
      });
    } finally {
      await next.stop();
    }
  });

  it('is refused when its time has come already, and takes up nothing', async () => {
    const expireTime = await databaseTimeIn(ledger.database, -1);
    await expect(place(10n, '', expireTime)).rejects.toMatchObject({ reason: 'HOLD_NOT_OPEN' });
    expect(await balanceOf()).toMatchObject({ held: 0n });
  });

  it('holds of many at once are never more than there is', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => ledger.client(n).placeHold({ userId, asset, amount: 7n })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(14);
    expect(await balanceOf()).toMatchObject({ balance: 100n, held: 98n, available: 2n });
  });

  function place(amount: bigint, destination = '', expireTime?: Moment) {
    const when = expireTime === undefined ? {} : { expireTime };
    return ledger.client().placeHold({ userId, asset, amount, destination, ...when });
  }

  function capture(holdId: string): Promise<unknown> {
    return ledger.client(1).captureHold({ userId, holdId });
  }

  function release(holdId: string): Promise<unknown> {
    return ledger.client(1).releaseHold({ userId, holdId });
  }

  function spend(amount: bigint) {
    return ledger.client(1).purchase({ userId, subject: { $case: 'price', value: { asset, amount } } });
  }

  async function balanceOf() {
    return (await ledger.client(1).getBalance({ userId, asset })).balance;
  }
});
