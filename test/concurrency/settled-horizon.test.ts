/** @paused: also run by `npm run test:paused`. */
import { LedgerClient, SortOrder, type Transaction } from '@ledger/client';
import { startCommitGate, type CommitGate } from '../harness/commit-gate';
import { databaseTimeIn, later, microsOf, untilPassed, type Moment } from '../harness/database-clock';
import { AN_HOUR_MS } from '../harness/limits';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';

const EARLY = 7n;
const LATE = 11n;

let database: TestDatabase;
let gate: CommitGate;
let slow: TestServer;
let quick: TestServer;

beforeAll(async () => {
  database = await createTestDatabase();
  gate = await startCommitGate(database.url);
  [slow, quick] = await Promise.all([startTestServer(gate.url), startTestServer(database.url)]);
  // Accounts, statements and connections are there: what is held is a batch at its COMMIT.
  for (const { client } of [slow, quick]) {
    await client.credit({ userId: 'warm', asset: 'GOLD', amount: 1n });
    await client.credit({ userId: 'warm', asset: 'SILVER', amount: 1n });
  }
});
afterAll(async () => {
  gate.open();
  await Promise.all([slow.stop(), quick.stop()]);
  await gate.stop();
  await database.drop();
});

/** A batch of the slow server that has read its clock and is not booked; then one of the quick server is booked. */
interface Overtaken {
  readonly userId: string;
  readonly reference: string;
  /** After both have read the clock. */
  readonly now: Moment;
  /** Lets the slow one be booked. */
  release(): Promise<void>;
}

async function overtake(userId: string): Promise<Overtaken> {
  const reference = `${userId}-reference`;
  await slow.client.credit({ userId, asset: 'GOLD', amount: 1n });
  gate.close();
  const early = slow.client.credit({ userId, asset: 'GOLD', amount: EARLY, reference });
  await gate.untilHeld(1);
  const { transaction } = await quick.client.credit({ userId, asset: 'SILVER', amount: LATE, reference });
  const now = later(transaction.createTime!, 1);
  await untilPassed(database, now);
  return {
    ...{ userId, reference, now },
    release: async () => {
      gate.open();
      await early;
    },
  };
}

/** Whoever goes on from the last one that it saw, as a consumer of a forward list does. */
async function follow(
  filter: { userId?: string; reference?: string },
  seen: ReadonlyMap<string, Transaction>,
  pageSize = 1,
): Promise<Map<string, Transaction>> {
  const all = new Map(seen);
  const startTime = [...seen.values()].at(-1)?.createTime;
  const order = SortOrder.OLDEST_FIRST;
  for await (const transaction of quick.client.listTransactions({
    ...filter,
    order,
    pageSize,
    ...(startTime && { startTime }),
  })) {
    all.set(transaction.transactionId, transaction);
  }
  return all;
}

describe('a forward list', () => {
  it.each(['user', 'reference'] as const)(
    'by %s never goes past a transaction that may still come',
    async (by) => {
      const held = await overtake(`forward-${by}`);
      const filter = by === 'user' ? { userId: held.userId } : { reference: held.reference };
      const before = await follow(filter, new Map());
      await held.release();
      const after = await follow(filter, before);
      const amounts = [...after.values()].map(({ entries }) => entries[0]?.change);
      expect(amounts).toEqual(by === 'user' ? [1n, EARLY, LATE] : [EARLY, LATE]);
      // In their order, and nothing twice: the second listing began where the first one ended.
      const times = [...after.values()].map(({ createTime }) => microsOf(createTime!));
      expect(times).toEqual([...times].sort((a, b) => Number(a - b)));
    },
  );

  it('of the entries of a system account keeps the order of time over all stripes', async () => {
    const held = await overtake('forward-entries');
    const list = async (): Promise<string[]> => {
      const found: string[] = [];
      const order = SortOrder.OLDEST_FIRST;
      for (const asset of ['GOLD', 'SILVER']) {
        const request = { userId: '@issuance', asset, order, pageSize: 2 };
        for await (const entry of quick.client.listEntries(request)) found.push(entry.transactionId);
      }
      return found;
    };
    const before = await list();
    await held.release();
    const after = await list();
    expect(after).toHaveLength(before.length + 2);
  });
});

/** What is read of a window or an instant that a batch may still be dated into, while it may, and again afterwards. */
async function readTwice<T>(userId: string, read: (held: Overtaken) => Promise<T>): Promise<[T, T]> {
  const held = await overtake(userId);
  const early = read(held);
  // Calls that came after it are answered: an answer that waits for nothing would be there.
  for (let n = 0; n < 3; n += 1) await quick.client.getBalance({ userId: 'warm', asset: 'GOLD' });
  await held.release();
  const first = await early;
  return [first, await read(held)];
}

describe('what was said of the past never changes', () => {
  it.each([SortOrder.OLDEST_FIRST, SortOrder.NEWEST_FIRST])(
    'in a window of transactions that ends now, in order %s',
    async (order) => {
      const [first, again] = await readTwice(`window-${order}`, async ({ userId, now: endTime }) => {
        const { transactions } = await quick.client.listTransactions({ userId, order, endTime });
        return new Set(transactions.map(({ entries }) => entries[0]?.change));
      });
      expect(first).toEqual(new Set([1n, EARLY, LATE]));
      expect(again).toEqual(first);
    },
  );

  it.each(['USER', '@issuance'])('in a window of entries of %s that ends now', async (who) => {
    const [first, again] = await readTwice(
      `entries-${who.replace('@', '')}`,
      async ({ userId, now: endTime }) => {
        const account = { userId: who === 'USER' ? userId : who, asset: 'GOLD' };
        const { entries } = await quick.client.listEntries({ ...account, endTime, pageSize: 1_000 });
        return entries.map(({ transactionId }) => transactionId);
      },
    );
    expect(again).toEqual(first);
  });

  it('in a balance of an instant', async () => {
    const [first, again] = await readTwice('as-of', async ({ userId, now }) => {
      const asOf = { $case: 'asOfTime' as const, value: now };
      const accounts = [
        { userId, asset: 'GOLD' },
        { userId, asset: 'SILVER' },
      ];
      const [one, many, all] = await Promise.all([
        quick.client.getBalance({ userId, asset: 'GOLD', asOf }),
        quick.client.batchGetBalances({ accounts, asOfTime: now }),
        quick.client.listBalances({ userId, asOfTime: now }),
      ]);
      const sums = (balances: { balance: bigint }[]): bigint[] => balances.map(({ balance }) => balance);
      return [one.balance.balance, ...sums(many.balances), ...sums(all.balances)];
    });
    expect(first).toEqual([1n + EARLY, 1n + EARLY, LATE, 1n + EARLY, LATE]);
    expect(again).toEqual(first);
  });
});

describe('an instant that does not settle before the deadline', () => {
  /** Its own clock gives up much later than the server is told. */
  const impatient = (): LedgerClient => new LedgerClient({ address: quick.address, timeoutMs: AN_HOUR_MS });

  it('is answered with NOT_STARTED', async () => {
    const held = await overtake('impatient');
    const short = await startTestServer(database.url, { readTimeoutMs: 100 });
    const asOfTime = held.now;
    await expect(short.client.listBalances({ userId: held.userId, asOfTime })).rejects.toMatchObject({
      codeName: 'DEADLINE_EXCEEDED',
      reason: 'NOT_STARTED',
    });
    await held.release();
    await short.stop();
  });

  it('is refused at once when the clock cannot come so far in time', async () => {
    const client = impatient();
    const value = await databaseTimeIn(database, 2 * AN_HOUR_MS);
    const asOf = { $case: 'asOfTime' as const, value };
    await expect(client.getBalance({ userId: 'warm', asset: 'GOLD', asOf })).rejects.toMatchObject({
      codeName: 'DEADLINE_EXCEEDED',
      reason: 'NOT_STARTED',
    });
    client.close();
  });
});

it('two servers write at once, and whoever follows from what it saw last misses none', async () => {
  const reference = 'stress';
  const writing = { done: false };
  const writes = Promise.all(
    Array.from({ length: 300 }, (_, n) =>
      [slow, quick][n % 2]!.client.credit({
        userId: `stress-${n % 40}`,
        asset: 'GOLD',
        amount: 1n,
        reference,
      }),
    ),
  ).finally(() => {
    writing.done = true;
  });
  let seen = new Map<string, Transaction>();
  while (!writing.done) seen = await follow({ reference }, seen, 20);
  const booked = await writes;
  seen = await follow({ reference }, seen, 20);
  expect([...seen.keys()].sort()).toEqual(booked.map(({ transaction }) => transaction.transactionId).sort());
});
