import { status } from '@grpc/grpc-js';
import type { LedgerError, Leg } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { unforeseenFaults } from '../harness/unforeseen-faults';

const USERS = Array.from({ length: 6 }, (_, n) => `user-${n}`);
const ASSETS = ['GOLD', 'PEEP'];
const EACH = 100n;

describe.each(TOPOLOGIES)('movements between users that cross each other ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;

  beforeEach(async () => {
    // Small batches on several workers: as many database transactions as can be want the same rows at once.
    ledger = await startLedger(servers, { batchWorkers: 4, batchMax: 5, stripes: 2 });
    await Promise.all(
      USERS.flatMap((userId) =>
        ASSETS.map((asset) => ledger.client().credit({ userId, asset, amount: EACH })),
      ),
    );
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    // No deadlock either.
    expect(unforeseenFaults(ledger)).toEqual([]);
    await ledger.dispose();
  });

  it('are transfers in both directions: nothing is lost and nothing made', async () => {
    const sent = Array.from({ length: 300 }, (_, n) => ({
      fromUserId: USERS[n % USERS.length]!,
      toUserId: USERS[(n + 1 + (Math.floor(n / USERS.length) % (USERS.length - 1))) % USERS.length]!,
      asset: ASSETS[n % 4 < 2 ? 0 : 1]!,
      amount: BigInt((n % 7) + 1) * 5n,
    }));
    const results = await Promise.allSettled(sent.map((transfer, n) => ledger.client(n).transfer(transfer)));

    const expected = startingBalances();
    for (const [n, result] of results.entries()) {
      const { fromUserId, toUserId, asset, amount } = sent[n]!;
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({
          reason: 'INSUFFICIENT_FUNDS',
          metadata: { user_id: fromUserId },
        });
        continue;
      }
      const { transaction, balance } = result.value;
      expect(transaction.entries).toMatchObject([
        { userId: fromUserId, change: -amount },
        { userId: toUserId, change: amount },
      ]);
      expect(balance.balance).toBe(transaction.entries[0]?.balanceAfter);
      add(expected, fromUserId, asset, -amount);
      add(expected, toUserId, asset, amount);
    }
    expect(await balances()).toEqual(expected);
  });

  it('are posts of many legs over several assets: each whole or not at all', async () => {
    const sent = Array.from({ length: 120 }, (_, n) => ({
      owner: USERS[n % USERS.length]!,
      legs: legsOf(n),
    }));
    const results = await Promise.allSettled(
      sent.map(({ owner, legs }, n) => ledger.client(n).postTransaction({ userId: owner, legs })),
    );

    const expected = startingBalances();
    let refused = 0;
    for (const [n, result] of results.entries()) {
      const { legs } = sent[n]!;
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
        refused += 1;
        continue;
      }
      expect(result.value.transaction.entries).toMatchObject(legs);
      expect(result.value.balances).toHaveLength(legs.length);
      for (const { userId, asset, change } of legs) add(expected, userId, asset, change);
    }
    expect(await balances()).toEqual(expected);
    expect(refused).toBeGreaterThan(0);
    expect(refused).toBeLessThan(sent.length);
  });

  it('take an account only where it was expected: one of many editors wins', async () => {
    const legs = (amount: bigint): Leg[] => [
      { userId: 'user-0', asset: 'GOLD', change: -amount, expectedSequence: 1n },
      { userId: 'user-1', asset: 'GOLD', change: amount },
    ];
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        ledger.client(n).postTransaction({ userId: 'user-0', legs: legs(BigInt(n) + 1n) }),
      ),
    );
    const lost = results.flatMap((result) =>
      result.status === 'rejected' ? (result.reason as LedgerError) : [],
    );
    expect(lost).toHaveLength(19);
    for (const error of lost) {
      expect(error).toMatchObject({
        ...{ code: status.ABORTED, reason: 'CONFLICT' },
        metadata: { user_id: 'user-0', asset: 'GOLD', expected: '1', current: '2' },
      });
    }
  });

  it('expect a fresh account to be fresh', async () => {
    const legs: Leg[] = [
      { userId: 'new', asset: 'GOLD', change: 1n, expectedSequence: 0n },
      { userId: 'user-1', asset: 'GOLD', change: -1n },
    ];
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => ledger.client(n).postTransaction({ userId: 'new', legs })),
    );
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect((await ledger.client(1).getBalance({ userId: 'new', asset: 'GOLD' })).balance.balance).toBe(1n);
  });

  it('change nothing in any asset when one leg of one asset is short', async () => {
    const legs: Leg[] = [
      { userId: 'user-0', asset: 'GOLD', change: -1n },
      { userId: 'user-1', asset: 'GOLD', change: 1n },
      { userId: 'user-0', asset: 'PEEP', change: EACH + 1n },
      { userId: 'user-1', asset: 'PEEP', change: -(EACH + 1n) },
    ];
    await expect(ledger.client().postTransaction({ userId: 'user-0', legs })).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { user_id: 'user-1', asset: 'PEEP', available: '100', required: '101' },
    });
    expect(await balances()).toEqual(startingBalances());
  });

  /** Everybody pays the next one in both assets, each time beginning and ending elsewhere. */
  function legsOf(n: number): Leg[] {
    const owner = n % USERS.length;
    const order = n % 2 === 0 ? USERS : [...USERS].reverse();
    const others = order.filter((userId) => userId !== USERS[owner]);
    // The larger ones are more than anybody begins with.
    const share = BigInt((n % 5) + 1) * 10n;
    return ASSETS.flatMap((asset) => [
      ...others.map((userId) => ({ userId, asset, change: share })),
      { userId: USERS[owner]!, asset, change: -share * BigInt(others.length) },
    ]);
  }

  async function balances(): Promise<Map<string, bigint>> {
    const accounts = USERS.flatMap((userId) => ASSETS.map((asset) => ({ userId, asset })));
    const read = await ledger.client(1).batchGetBalances({ accounts });
    return new Map(read.balances.map(({ userId, asset, balance }) => [`${userId} ${asset}`, balance]));
  }
});

function startingBalances(): Map<string, bigint> {
  return new Map(USERS.flatMap((userId) => ASSETS.map((asset) => [`${userId} ${asset}`, EACH] as const)));
}

function add(sums: Map<string, bigint>, userId: string, asset: string, change: bigint): void {
  const key = `${userId} ${asset}`;
  sums.set(key, (sums.get(key) ?? 0n) + change);
}
