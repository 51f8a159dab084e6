import { Client } from 'pg';
import { lockAccount, untilBlocked, type AccountLock } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

const ASSET = 'GOLD';

/** Each case makes two batches meet in the order in which they would hurt each other, were it not for one rule. */
describe('two servers whose batches meet half way', () => {
  let ledger: LedgerUnderTest;
  let locks: AccountLock[];

  beforeEach(async () => {
    locks = [];
    ledger = await startLedger(2);
    const users = ['blocker-0', 'blocker-1', 'a', 'm', 'n', 'y', 'z'];
    await Promise.all(users.map((userId) => credit(0, userId, 'start')));
  });
  afterEach(async () => {
    for (const lock of locks) await lock.release();
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(ledger.refusals()).toEqual([]);
    await ledger.dispose();
  });

  it('lock accounts in one order, so that none waits for the other in a circle', async () => {
    const [m, n] = [await lock('m'), await lock('n')];
    // In the order of arrival the first would hold z and want y, the second hold y and want z.
    const first = await blockedBatch(0, ['z', 'm', 'y'], (user) => credit(0, user, 'c0'));
    const second = await blockedBatch(1, ['y', 'n', 'z'], (user) => credit(1, user, 'c1'));
    await m.release();
    await n.release();

    await Promise.all([...first, ...second]);
    for (const [user, balance] of [
      ['y', 3n],
      ['z', 3n],
      ['m', 2n],
      ['n', 2n],
    ] as const) {
      const read = await ledger.client().getBalance({ userId: user, asset: ASSET });
      expect(read.balance.balance).toBe(balance);
    }
  });

  it('write requests in one order, so that none waits for the other in a circle', async () => {
    // Refusals of users without accounts: nothing but the requests themselves can be waited for.
    const holder = new Client({ connectionString: ledger.database.url });
    await holder.connect();
    try {
      await holder.query('BEGIN');
      for (const user of ['poor-m', 'poor-n']) await holder.query(UNFINISHED_REQUEST, [user]);
      const first = await blockedBatch(0, ['poor-z', 'poor-m', 'poor-y'], (user) => refusal(0, user));
      const second = await blockedBatch(1, ['poor-y', 'poor-n', 'poor-z'], (user) => refusal(1, user));
      await holder.query('ROLLBACK');

      const results = await Promise.all([...first, ...second]);
      expect(results.filter((replayed) => replayed)).toHaveLength(2);
    } finally {
      await holder.end();
    }
  });

  it('keep the order of commits along an account, although the one that began first comes last', async () => {
    const m = await lock('m');
    // It has its place in the order by then, from the lock on a.
    const early = await blockedBatch(0, ['a', 'm', 'z'], (user) => credit(0, user, 'c0'));
    const late = await credit(1, 'z', 'late');
    await m.release();

    const answers = await Promise.all(early);
    expect(late.balance.sequence).toBe(2n);
    expect(answers[2]?.balance.sequence).toBe(3n);
    const orders = await ledger.database.query<{ request_id: string; commit_order: string }>(
      `SELECT request_id, commit_order FROM ledger.transactions WHERE user_id = 'z' ORDER BY transaction_id`,
    );
    expect(orders.map(({ request_id: id }) => id)).toEqual(['start', 'late', 'c0']);
    expect(BigInt(orders[2]!.commit_order)).toBeGreaterThanOrEqual(BigInt(orders[1]!.commit_order));
  });

  async function lock(userId: string): Promise<AccountLock> {
    const taken = await lockAccount(ledger.database, userId, ASSET);
    locks.push(taken);
    return taken;
  }

  /**
   * Has a server carry writes out in one batch, in their order, and resolves when that batch waits for a lock. They
   * gather in the queue while another write is held back.
   */
  async function blockedBatch<T>(
    turn: number,
    users: readonly string[],
    write: (user: string) => Promise<T>,
  ): Promise<Promise<T>[]> {
    const blocker = await lock(`blocker-${turn}`);
    const blocked = credit(turn, `blocker-${turn}`, 'blocked');
    // The batches of the servers before this one wait already.
    await untilBlocked(ledger.database, turn + 1);
    const writes: Promise<T>[] = [];
    for (const user of users) {
      writes.push(write(user));
      // A read that is answered shows that what was sent before it has reached the queue.
      await ledger.client(turn).getBalance({ userId: 'a', asset: ASSET });
    }
    await blocker.release();
    await blocked;
    await untilBlocked(ledger.database, turn + 1);
    return writes;
  }

  function credit(turn: number, userId: string, requestId: string) {
    return ledger.client(turn).credit({ requestId, userId, asset: ASSET, amount: 1n });
  }

  /** Whether the refusal was a replay. */
  function refusal(turn: number, userId: string): Promise<boolean> {
    const subject = { $case: 'price', value: { asset: ASSET, amount: 1n } } as const;
    return ledger
      .client(turn)
      .purchase({ requestId: 'poor', userId, subject })
      .then(
        () => Promise.reject(new Error('it was not refused')),
        (error: unknown) => (error as { replayed?: boolean }).replayed === true,
      );
  }
});

const UNFINISHED_REQUEST = `
  INSERT INTO ledger.requests
    (user_id, request_id, method, caller, content_hash, content_hash_version, code, reason, outcome, create_time)
  VALUES ($1, 'poor', 'Purchase', '', sha256(''), 1, 9, 'INSUFFICIENT_FUNDS', '', now())`;
