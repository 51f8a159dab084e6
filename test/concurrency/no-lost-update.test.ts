import { SortOrder } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

describe.each(TOPOLOGIES)('a balance that several callers change at once ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));
  afterEach(() => expect(ledger.refusals()).toEqual([]));

  it('shows a credit and a purchase that came at the same time, for each of many users', async () => {
    const users = Array.from({ length: 60 }, (_, n) => `pair-${n}`);
    await Promise.all(
      users.map((userId, n) => ledger.client(n).credit({ userId, asset: 'GOLD', amount: 100n })),
    );

    await Promise.all(users.flatMap((userId, n) => [addFifty(userId, n), takeTwenty(userId, n + 1)]));

    for (const userId of users) {
      expect(await balanceOf(userId)).toMatchObject({ balance: 130n, available: 130n, sequence: 3n });
      const [first, second, third, ...more] = await entriesOf(userId);
      expect(more).toEqual([]);
      expect(first).toEqual({ sequence: 1n, change: 100n, balanceAfter: 100n });
      expect([second, third]).toEqual(
        second?.change === 50n
          ? [
              { sequence: 2n, change: 50n, balanceAfter: 150n },
              { sequence: 3n, change: -20n, balanceAfter: 130n },
            ]
          : [
              { sequence: 2n, change: -20n, balanceAfter: 80n },
              { sequence: 3n, change: 50n, balanceAfter: 130n },
            ],
      );
    }
  });

  it('shows every one of hundreds of changes to one account', async () => {
    const userId = 'busy';
    await ledger.client().credit({ userId, asset: 'GOLD', amount: 100n });

    for (let round = 1n; round <= 10n; round += 1n) {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => [addFifty(userId, n), takeTwenty(userId, n + 1)]).flat(),
      );
      expect(await balanceOf(userId)).toMatchObject({
        balance: 100n + round * 20n * 30n,
        sequence: 1n + round * 40n,
      });
    }

    const entries = await entriesOf(userId);
    expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => BigInt(index) + 1n));
    const changes = entries.map(({ change }) => change);
    expect(changes.filter((change) => change === 50n)).toHaveLength(200);
    expect(changes.filter((change) => change === -20n)).toHaveLength(200);
    expect(changes).toHaveLength(401);
  });

  it('answers each change with the balance right after it', async () => {
    const userId = 'answers';
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => addFifty(userId, n)));

    const balances = answers.map(({ balance }) => balance.balance).sort((a, b) => Number(a - b));
    expect(balances).toEqual(balances.map((_, index) => BigInt(index + 1) * 50n));
    for (const { balance, transaction } of answers) {
      expect(transaction.entries[0]).toMatchObject({
        sequence: balance.sequence,
        balanceAfter: balance.balance,
      });
    }
  });

  function addFifty(userId: string, turn: number) {
    return ledger.client(turn).credit({ userId, asset: 'GOLD', amount: 50n });
  }

  function takeTwenty(userId: string, turn: number) {
    const subject = { $case: 'price', value: { asset: 'GOLD', amount: 20n } } as const;
    return ledger.client(turn).purchase({ userId, subject });
  }

  async function balanceOf(userId: string) {
    return (await ledger.client().getBalance({ userId, asset: 'GOLD' })).balance;
  }

  async function entriesOf(userId: string) {
    const entries = [];
    const request = { userId, asset: 'GOLD', order: SortOrder.OLDEST_FIRST };
    for await (const { sequence, change, balanceAfter } of ledger.client(1).listEntries(request)) {
      entries.push({ sequence, change, balanceAfter });
    }
    return entries;
  }
});
