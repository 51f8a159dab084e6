import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

/** One row per system account, so that the servers meet on all of them. */
const ONE_ROW = { stripes: 1, batchMax: 16 };

describe.each(TOPOLOGIES)('accounts that many use for the first time ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(servers, ONE_ROW);
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));
  // Deadlocks are run again, so callers do not see them; but there are none.
  afterEach(() => expect(ledger.refusals()).toEqual([]));

  it('are made once when their first credits come at the same time', async () => {
    for (let round = 0; round < 10; round += 1) {
      const asset = `FIRST-${round}`;
      const answers = await Promise.all([credit('ada', asset, 1n, 0), credit('ada', asset, 2n, 1)]);
      expect(answers.map(({ transaction }) => transaction.entries[0]?.sequence).sort()).toEqual([1n, 2n]);
      expect(await balanceOf('ada', asset)).toEqual([3n, 2n]);
      expect(await balanceOf('@issuance', asset)).toEqual([-3n, 2n]);
    }
  });

  it('are made in hundreds, each with all of its first credits', async () => {
    const users = Array.from({ length: 100 }, (_, n) => `new-${n}`);
    await Promise.all(
      [1n, 2n, 3n, 4n].flatMap((amount) =>
        users.map((user, n) => credit(user, 'GOLD', amount, n + Number(amount))),
      ),
    );
    for (const user of users) expect(await balanceOf(user, 'GOLD')).toEqual([10n, 4n]);
    expect(await balanceOf('@issuance', 'GOLD')).toEqual([-1000n, 400n]);
  });

  it('do not block each other when credits and purchases cross many system accounts', async () => {
    const names = ['@a', '@b', '@c', '@d', '@e', '@f'];
    const users = Array.from({ length: 12 }, (_, n) => `cross-${n}`);
    await Promise.all(users.map((user, n) => credit(user, 'CROSS', 1_000n, n, '@start')));

    const expected = new Map(names.map((name) => [name, 0n]));
    const add = (name: string, change: bigint): string => {
      expected.set(name, (expected.get(name) ?? 0n) + change);
      return name;
    };
    const calls = Array.from({ length: 360 }, (_, n) => {
      // Through the users upwards and downwards in turn.
      const user = users[n % 24 < 12 ? n % 12 : 11 - (n % 12)]!;
      const source = add(names[(n * 5) % 6]!, -3n);
      const destination = add(names[(n * 5 + 1 + (n % 4)) % 6]!, 2n);
      return [
        credit(user, 'CROSS', 3n, n, source),
        ledger.client(n + 1).purchase({
          userId: user,
          destination,
          subject: { $case: 'price', value: { asset: 'CROSS', amount: 2n } },
        }),
      ];
    });
    await Promise.all(calls.flat());

    for (const [name, balance] of expected) {
      expect((await balanceOf(name, 'CROSS'))[0]).toBe(balance);
    }
    for (const user of users) expect(await balanceOf(user, 'CROSS')).toEqual([1_030n, 61n]);
  });

  it('of a coupon that the whole town buys at once all get it', async () => {
    await ledger.client().putItem({
      ...{ itemId: 'coupon', name: 'Coupon', asset: 'PEEP', price: 5n, active: true },
      grantAsset: 'COUPON:1',
    });
    const users = Array.from({ length: 80 }, (_, n) => `town-${n}`);
    await Promise.all(users.map((user, n) => credit(user, 'PEEP', 5n, n)));
    await Promise.all(
      users.map((userId, n) =>
        ledger
          .client(n)
          .purchase({ userId, subject: { $case: 'item', value: { itemId: 'coupon', quantity: 1n } } }),
      ),
    );
    for (const user of users) {
      expect(await balanceOf(user, 'PEEP')).toEqual([0n, 2n]);
      expect(await balanceOf(user, 'COUPON:1')).toEqual([1n, 1n]);
    }
    expect(await balanceOf('@issuance', 'COUPON:1')).toEqual([-80n, 80n]);
  });

  function credit(userId: string, asset: string, amount: bigint, turn: number, source = '') {
    return ledger.client(turn).credit({ userId, asset, amount, source });
  }

  async function balanceOf(userId: string, asset: string): Promise<[balance: bigint, sequence: bigint]> {
    const { balance } = await ledger.client(1).getBalance({ userId, asset });
    return [balance.balance, balance.sequence];
  }
});
