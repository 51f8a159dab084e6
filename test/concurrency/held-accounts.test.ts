/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import { LedgerClient, type CreditResponse } from '@ledger/client';
import { Client } from 'pg';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { creditOf, LONG_SESSION_LIMITS, NO_LIMIT, startEngine } from '../harness/engine-under-test';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { AN_HOUR_MS } from '../harness/limits';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

const LOCK_TIMEOUT_MS = 20;
const CALLERS = 16;
const WRITES = 4;

describe.each(TOPOLOGIES)('writes that need what another session holds ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let holder: Client;
  let tests = 0;
  let held: string;

  beforeAll(async () => {
    // One worker: what holds it up holds up everybody.
    ledger = await startLedger(servers, {
      ...{ batchWorkers: 1, lockTimeoutMs: LOCK_TIMEOUT_MS, lockWaitMs: AN_HOUR_MS },
    });
  });
  afterAll(() => ledger.dispose());
  beforeEach(async () => {
    tests += 1;
    held = `held-${tests}`;
    await credit(held, 'first');
    holder = new Client({ connectionString: ledger.database.url });
    await holder.connect();
    await holder.query('BEGIN');
  });
  afterEach(async () => {
    await holder.end();
    expect(await checkLedger(ledger.database)).toEqual([]);
  });

  it('wait by themselves for a row, and everybody else goes on', async () => {
    await holdRow();
    const waiting = settled([credit(held, 'one'), credit(held, 'two', 1), credit(held, 'three')]);
    await othersGoOn();
    expect(waiting.count).toBe(0);

    await holder.query('ROLLBACK');
    expect((await waiting.all).map(({ replayed }) => replayed)).toEqual([false, false, false]);
    expect(await balanceOf(held)).toMatchObject({ balance: 4n, sequence: 4n });
  });

  it('are booked once when two copies of a request wait, and when a copy comes while the first one waits', async () => {
    await holdRow();
    const waiting = settled([credit(held, 'twice'), credit(held, 'twice'), credit(held, 'twice', 1)]);
    await othersGoOn();
    const late = credit(held, 'twice');
    await othersGoOn('again');

    await holder.query('ROLLBACK');
    const responses = [...(await waiting.all), await late];
    expect(responses.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(new Set(responses.map(({ transaction }) => transaction.transactionId)).size).toBe(1);
    expect(await balanceOf(held)).toMatchObject({ balance: 2n, sequence: 2n });
  });

  it('keep their order within an account', async () => {
    await holdRow();
    const writes: Promise<CreditResponse>[] = [];
    for (let n = 0; n < 20; n += 1) {
      writes.push(credit(held, `in-order-${n}`));
      // One after the other at the server.
      await balanceOf(held);
    }
    await holder.query('ROLLBACK');
    expect((await Promise.all(writes)).map(({ balance }) => balance.sequence)).toEqual(
      writes.map((_, n) => BigInt(n) + 2n),
    );
  });

  it.each([
    [
      'a request',
      `INSERT INTO ledger.requests SELECT (jsonb_populate_record(r, jsonb_build_object('request_id', 'wanted'))).* FROM ledger.requests r WHERE user_id = $1`,
    ],
    [
      'an account',
      `INSERT INTO ledger.accounts SELECT (jsonb_populate_record(a, jsonb_build_object('asset', 'SILVER'))).* FROM ledger.accounts a WHERE user_id = $1`,
    ],
  ])('wait for %s that another session has inserted and not committed', async (_what, insert) => {
    await holder.query(insert, [held]);
    const waiting = settled([
      ledger.client().credit({ requestId: 'wanted', userId: held, asset: 'SILVER', amount: 1n }),
    ]);
    await othersGoOn();
    expect(waiting.count).toBe(0);

    await holder.query('ROLLBACK');
    expect(await waiting.all).toMatchObject([{ replayed: false, balance: { balance: 1n, sequence: 1n } }]);
  });

  it('wait for a table, and those that do not need it go on', async () => {
    await holder.query('LOCK TABLE ledger.holds IN ACCESS EXCLUSIVE MODE');
    const hold = ledger.client().placeHold({ requestId: 'hold', userId: held, asset: 'GOLD', amount: 1n });
    const waiting = settled([hold]);
    await othersGoOn();
    expect(waiting.count).toBe(0);

    await holder.query('ROLLBACK');
    expect(await hold).toMatchObject({ replayed: false, balance: { held: 1n } });
  });

  it('are no others when the row is one of a system account: another stripe is used', async () => {
    await holder.query(`SELECT FROM ledger.accounts WHERE user_id = '@issuance' FOR UPDATE`);
    await othersGoOn();
    await holder.query('ROLLBACK');
  });

  it('wait while the rest of their batch is booked', async () => {
    await credit(held, 'copper', 0, 'COPPER');
    await holdRow();
    const writes = ['a', held, 'b', held].map((userId, n) => ({
      write: {
        $case: 'credit',
        value: { requestId: `batch-${n}`, userId, asset: 'COPPER', amount: 1n },
      } as const,
    }));
    const batch = ledger.client().batchWrite({ writes });
    await waitUntil('the others are booked', async () => (await balanceOf('b', 'COPPER')).sequence > 0n);
    const waiting = settled([batch]);
    await othersGoOn();
    expect(waiting.count).toBe(0);

    await holder.query('ROLLBACK');
    const { results } = await batch;
    expect(results.map(({ outcome }) => outcome?.$case)).toEqual(['credit', 'credit', 'credit', 'credit']);
  });

  it('wait as a whole when they are an atomic batch', async () => {
    await holdRow();
    const writes = ['c', held].map((userId, n) => ({
      write: {
        $case: 'credit',
        value: { requestId: `atomic-${n}`, userId, asset: 'GOLD', amount: 1n },
      } as const,
    }));
    const batch = ledger.client().batchWrite({ requestId: `atomic-${tests}`, atomic: true, writes });
    const waiting = settled([batch]);
    await othersGoOn();
    expect(waiting.count).toBe(0);
    expect(await balanceOf('c')).toMatchObject({ sequence: 0n });

    await holder.query('ROLLBACK');
    await batch;
    expect(await balanceOf(held)).toMatchObject({ balance: 2n });
    expect(await balanceOf('c')).toMatchObject({ balance: 1n });
  });

  function credit(userId: string, requestId: string, turn = 0, asset = 'GOLD'): Promise<CreditResponse> {
    return ledger.client(turn).credit({ requestId, userId, asset, amount: 1n });
  }

  async function balanceOf(userId: string, asset = 'GOLD') {
    return (await ledger.client().getBalance({ userId, asset })).balance;
  }

  async function holdRow(): Promise<void> {
    await holder.query(`SELECT FROM ledger.accounts WHERE user_id = $1 FOR UPDATE`, [held]);
  }

  async function othersGoOn(round = 'once'): Promise<void> {
    await Promise.all(
      Array.from({ length: CALLERS }, async (_, caller) => {
        for (let n = 0; n < WRITES; n += 1) await credit(`other-${caller}`, `${tests}-${round}-${n}`, caller);
      }),
    );
  }
});

describe('a write that runs into the time limit of a statement', () => {
  it('is found, and the rest of its batch is booked', async () => {
    const engine = await startEngine({
      ...{ lockWaitMs: 1, sessionLimits: { ...LONG_SESSION_LIMITS, lockTimeoutMs: LOCK_TIMEOUT_MS } },
    });
    await engine.database.query(`
      CREATE FUNCTION ledger.sleep() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF NEW.change = 13 THEN PERFORM pg_sleep(3600); END IF;
        RETURN NEW;
      END $$;
      CREATE TRIGGER sleepy BEFORE INSERT ON ledger.entries FOR EACH ROW EXECUTE FUNCTION ledger.sleep()`);
    const submitted = Array.from({ length: 8 }, (_, n) =>
      engine.commit.submit(creditOf(`user-${n}`, 'once', { amount: n === 5 ? 13n : 1n }), NO_LIMIT),
    );
    const all = Promise.allSettled(submitted);
    let ended = false as boolean;
    void all.then(() => (ended = true));
    // As its time limit would.
    await waitUntil('all have ended', async () => {
      await engine.database.query(
        `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'ledger-writer' AND wait_event = 'PgSleep'`,
      );
      return ended;
    });
    const results = await all;
    for (const [n, result] of results.entries()) {
      if (n !== 5) expect(result).toMatchObject({ status: 'fulfilled', value: { code: 0 } });
      else expect(result).toMatchObject({ status: 'rejected', reason: { reason: 'ACCOUNT_LOCKED' } });
    }
    await engine.dispose();
  });
});

describe('a write that waits too long for what another session holds', () => {
  let ledger: LedgerUnderTest;
  let server: TestServer;
  let client: LedgerClient;

  beforeAll(async () => {
    ledger = await startLedger(1);
    const limits = { lockTimeoutMs: LOCK_TIMEOUT_MS, lockWaitMs: 1, lockWaitQueueMax: 3 };
    server = await startTestServer(ledger.database.url, limits);
    client = new LedgerClient({
      ...{ address: server.address, timeoutMs: AN_HOUR_MS, retry: { maxAttempts: 1 } },
    });
    await client.credit({ userId: 'held', asset: 'GOLD', amount: 1n });
  });
  afterAll(async () => {
    client.close();
    await server.stop();
    await ledger.dispose();
  });

  it('is told that its account is locked, and is not stored', async () => {
    const write = { requestId: 'late', userId: 'held', asset: 'GOLD', amount: 1n };
    const lock = await lockAccount(ledger.database, 'held', 'GOLD');
    await expect(client.credit(write)).rejects.toMatchObject({
      ...{ code: status.ABORTED, reason: 'ACCOUNT_LOCKED', outcomeUnknown: false },
      metadata: { user_id: 'held', asset: 'GOLD' },
    });
    await lock.release();
    expect(await client.credit(write)).toMatchObject({ replayed: false, balance: { sequence: 2n } });
  });

  it('is told so at once when as many wait as may', async () => {
    const lock = await lockAccount(ledger.database, 'held', 'GOLD');
    const writes = Array.from({ length: 10 }, (_, n) =>
      client.credit({ requestId: `many-${n}`, userId: 'held', asset: 'GOLD', amount: 1n }),
    );
    for (const result of await Promise.allSettled(writes)) {
      expect(result).toMatchObject({ status: 'rejected', reason: { reason: 'ACCOUNT_LOCKED' } });
    }
    await lock.release();
    expect(await checkLedger(ledger.database)).toEqual([]);
  });
});

/** How many have ended so far, and all of them. */
function settled<T>(promises: readonly Promise<T>[]): { readonly count: number; readonly all: Promise<T[]> } {
  const state = { count: 0, all: Promise.all(promises) };
  state.all.catch(() => undefined);
  for (const promise of promises) {
    promise.then(
      () => (state.count += 1),
      () => (state.count += 1),
    );
  }
  return state;
}
