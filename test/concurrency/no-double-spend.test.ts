import { status } from '@grpc/grpc-js';
import type { LedgerError, PurchaseResponse } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

describe.each(TOPOLOGIES)('a balance that many want to spend at once ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));
  afterEach(() => expect(ledger.refusals()).toEqual([]));

  it('pays exactly what is there: 100 of 200 purchases of 1 out of 100', async () => {
    await ledger.client().credit({ userId: 'ada', asset: 'GOLD', amount: 100n });

    const results = await Promise.allSettled(Array.from({ length: 200 }, (_, n) => purchase('ada', 1n, n)));

    const paid = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? (result.reason as LedgerError) : [],
    );
    expect(paid).toHaveLength(100);
    const left = paid.map(({ balance }) => balance.balance).sort((a, b) => Number(a - b));
    expect(left).toEqual(left.map((_, index) => BigInt(index)));
    expect(refused).toHaveLength(100);
    for (const error of refused) {
      expect(error).toMatchObject({
        code: status.FAILED_PRECONDITION,
        reason: 'INSUFFICIENT_FUNDS',
        metadata: { user_id: 'ada', asset: 'GOLD', balance: '0', available: '0', required: '1' },
        outcomeUnknown: false,
      });
    }
    expect(await balanceOf('ada')).toMatchObject({ balance: 0n, available: 0n, sequence: 101n });
  });

  it('pays one of two purchases that each take more than half', async () => {
    const users = Array.from({ length: 40 }, (_, n) => `half-${n}`);
    await Promise.all(users.map((userId) => ledger.client().credit({ userId, asset: 'GOLD', amount: 10n })));

    const rounds = await Promise.all(
      users.map((userId, n) => Promise.allSettled([purchase(userId, 6n, n), purchase(userId, 7n, n + 1)])),
    );

    for (const [index, round] of rounds.entries()) {
      const paid = round.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
      expect(paid).toHaveLength(1);
      const { balance } = await balanceOf(users[index]!);
      expect([3n, 4n]).toContain(balance);
      expect(paid[0]?.balance.balance).toBe(balance);
    }
  });

  it('lets the whole balance be spent, and not one more', async () => {
    await ledger.client().credit({ userId: 'whole', asset: 'GOLD', amount: 75n });

    await expect(purchase('whole', 76n)).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { balance: '75', available: '75', required: '76' },
    });
    expect((await purchase('whole', 75n)).balance).toMatchObject({ balance: 0n, sequence: 2n });
    await expect(purchase('whole', 1n)).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    expect(await balanceOf('whole')).toMatchObject({ balance: 0n, sequence: 2n });
  });

  it('has nothing to spend on an account that was never credited', async () => {
    await expect(purchase('nobody', 1n)).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { balance: '0', available: '0', required: '1' },
    });
    expect(await balanceOf('nobody')).toMatchObject({ balance: 0n, sequence: 0n });
    expect(await ledger.database.query(`SELECT * FROM ledger.accounts WHERE user_id = 'nobody'`)).toEqual([]);
  });

  it('keeps the assets of a user apart', async () => {
    await ledger.client().credit({ userId: 'two', asset: 'GOLD', amount: 5n });
    await ledger.client().credit({ userId: 'two', asset: 'PEEP', amount: 50n });

    await expect(purchase('two', 6n)).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
  });

  function purchase(userId: string, amount: bigint, turn = 0): Promise<PurchaseResponse> {
    const subject = { $case: 'price', value: { asset: 'GOLD', amount } } as const;
    return ledger.client(turn).purchase({ userId, subject });
  }

  async function balanceOf(userId: string) {
    return (await ledger.client(1).getBalance({ userId, asset: 'GOLD' })).balance;
  }
});
