import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { checkLedger } from '../harness/check-ledger';
import { AN_HOUR_MS } from '../harness/limits';

/** More than a batch settles of one account, and than one transaction settles by itself. */
const MANY = 5_000;

describe('an account with more expired holds than a batch settles', () => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(1, { batchWorkers: 1, lockWaitMs: AN_HOUR_MS });
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));

  it.each([
    ['100, which a batch settles', 100],
    ['101', 101],
    ['many', MANY],
  ])('has nothing held when a write is decided (%s)', async (_what, count) => {
    const userId = `user-${count}`;
    await expire(userId, count);
    const subject = { $case: 'price', value: { asset: 'GOLD', amount: BigInt(count) } } as const;
    expect(await ledger.client().purchase({ userId, subject })).toMatchObject({
      balance: { balance: 0n, held: 0n, available: 0n },
    });
    expect(await openHolds(userId)).toBe(0);
  });

  it('holds nobody else up: what is not settled yet waits by itself', async () => {
    const users = Array.from({ length: 20 }, (_, n) => `full-${n}`);
    // More than a batch settles of all accounts together.
    for (const userId of users) await expire(userId, 90);
    await expire('fullest', MANY);
    const credits = [...users, 'fullest', 'empty'].map((userId) =>
      ledger.client().credit({ userId, asset: 'GOLD', amount: 1n }),
    );
    const balances = (await Promise.all(credits)).map(({ balance }) => balance);
    expect(balances.map(({ held }) => held)).toEqual(credits.map(() => 0n));
    expect(balances.map(({ available }) => available)).toEqual([
      ...users.map(() => 91n),
      BigInt(MANY) + 1n,
      1n,
    ]);
  });

  it('is settled to the end although nobody waits any longer', async () => {
    await expire('given-up', MANY);
    const abort = new AbortController();
    const given = ledger
      .client()
      .credit({ userId: 'given-up', asset: 'GOLD', amount: 1n }, { signal: abort.signal });
    given.catch(() => undefined);
    await ledger.client().credit({ userId: 'somebody', asset: 'GOLD', amount: 1n });
    abort.abort();
    await ledger.client().credit({ userId: 'given-up', asset: 'GOLD', amount: 1n });
    expect(await openHolds('given-up')).toBe(0);
  });

  /** Makes an account whose whole balance was held, by so many holds, all of which have expired. */
  async function expire(userId: string, count: number): Promise<void> {
    await ledger.client().credit({ userId, asset: 'GOLD', amount: BigInt(count) });
    await ledger.database.query(
      `INSERT INTO ledger.holds (user_id, hold_id, asset, amount, destination, state, expire_time, create_time, update_time)
       SELECT $1, gen_random_uuid(), 'GOLD', 1, '@revenue', 1, now() - interval '1 minute', now() - interval '1 hour',
              now() - interval '1 hour'
         FROM generate_series(1, $2)`,
      [userId, count],
    );
    await ledger.database.query(
      `UPDATE ledger.accounts SET held = $2, next_hold_expiry = now() - interval '1 minute'
        WHERE user_id = $1 AND asset = 'GOLD'`,
      [userId, count],
    );
  }

  async function openHolds(userId: string): Promise<number> {
    return (
      await ledger.database.query('SELECT FROM ledger.holds WHERE user_id = $1 AND state = 1', [userId])
    ).length;
  }
});
