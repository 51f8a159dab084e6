/** @paused: also run by `npm run test:paused`. */
import { Client } from 'pg';
import type { WatchEntriesResponse } from '@ledger/client';
import { lockAccount } from '../harness/account-lock';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { createTestDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';
import { faultsOf, firstOf, keyOf, storedKeys, watch, type Watching } from '../harness/watching';

let ledger: LedgerUnderTest;
const sessions: Client[] = [];

beforeEach(async () => {
  ledger = await startLedger(2, { watchHeartbeatMs: 20, watchLagWarnMs: 1, healthIntervalMs: 600_000 });
  for (const userId of ['early', 'late', 'shared']) await credit(0, userId, 1n);
});
afterEach(async () => {
  // An open one would hold back the streams of every test of the cluster.
  for (const session of sessions.splice(0)) await session.end();
  await ledger.dispose();
});

describe('a database transaction that is held open', () => {
  it('is not skipped when it commits behind later ids and times', async () => {
    const streams = await openStreams();
    // The batch has its time, its ids and its xid, and waits for this session over its request.
    const session = await openSession();
    await session.query(
      `INSERT INTO ledger.requests (user_id, request_id, method, caller, content_hash, content_hash_version,
                                    code, reason, outcome, create_time)
       VALUES ('late', 'held', 'Credit', '', sha256(''), 1, 0, '', '', now())`,
    );
    const held = ledger.client(0).credit({ requestId: 'held', userId: 'late', asset: 'GOLD', amount: 7n });
    await untilBlocked(1);
    const { transaction: overtaking } = await credit(1, 'early', 8n);

    // A reader that keeps the last id or the last time it saw has read this far:
    const cursor = { id: overtaking.transactionId, time: await timeOf(overtaking.transactionId) };
    await Promise.all(streams.map((stream) => stream.untilHeartbeats(3)));
    expect(streams.map((stream) => stream.keys())).toEqual([[], [], []]);
    const tokens = streams.map(({ messages }) => messages.at(-1)!.resumeToken);

    await session.query('ROLLBACK');
    const { transaction: late } = await held;
    const seenByCursor = await ledger.database.query(
      `SELECT FROM ledger.transactions WHERE transaction_id = $1 AND (transaction_id > $2 OR create_time > $3::timestamptz)`,
      [late.transactionId, cursor.id, cursor.time],
    );
    expect(seenByCursor).toEqual([]);

    const keys = [
      await received(streams[0], 4),
      await received(streams[1], 1),
      await received(streams[2], 2),
    ];
    expect(keys[0]!.filter((key) => !key.startsWith('@')).sort()).toEqual([
      'early GOLD 0 2',
      'late GOLD 0 2',
    ]);
    expect(keys[1]).toEqual(['late GOLD 0 2']);
    expect(new Set(keys[2])).toEqual(new Set(await keysOfSecondCredits()));
    // Whoever was told to go on from a heartbeat in the meantime misses nothing either, at the other server.
    const resumed = await firstOf(ledger.client(0), { resumeToken: tokens[0] }, 4);
    expect(resumed.map(({ entry }) => keyOf(entry!))).toEqual(keys[0]);
    await session.end();
  });

  it('comes in order of the account that it shares with one that overtook it', async () => {
    const streams = await openStreams();
    // Locks are taken in key order: the batch has its xid from @issuance, and waits at `early` before `shared`.
    const lock = await lockAccount(ledger.database, 'early', 'GOLD');
    const slow = ledger.client(0).postTransaction({
      userId: 'early',
      legs: [
        { userId: '@issuance', asset: 'GOLD', change: -5n },
        { userId: 'early', asset: 'GOLD', change: 2n },
        { userId: 'shared', asset: 'GOLD', change: 3n },
      ],
    });
    await untilBlocked(1);
    const { transaction: fast } = await credit(1, 'shared', 4n);
    await lock.release();
    const { transaction: behind } = await slow;

    expect(entryOn(fast, 'shared')?.sequence).toBe(2n);
    expect(entryOn(behind, 'shared')?.sequence).toBe(3n);
    const written = await ledger.database.query<{ id: string; xid: string; order: string }>(
      `SELECT transaction_id AS id, xmin::text AS xid, commit_order::text AS order FROM ledger.requests`,
    );
    const [overtaker, overtaken] = [fast, behind].map(({ transactionId }) =>
      written.find(({ id }) => id === transactionId),
    );
    // Without being raised, its order would put it before the entry that it follows.
    expect(Number(overtaken!.xid)).toBeLessThan(Number(overtaker!.xid));
    expect(overtaken!.order).toBe(overtaker!.order);

    const [all] = [await received(streams[0], 5)];
    const stored = (await storedKeys(ledger.database)).map(keyOf);
    expect(faultsOf(stored)).toEqual([]);
    expect(all).toEqual(stored.slice(-5));
    await Promise.all([streams[1].stop(), streams[2].stop()]);
    const shared = await firstOf(ledger.client(1), { userId: 'shared', fromStart: true }, 3);
    expect(shared.map(({ entry }) => entry?.sequence)).toEqual([1n, 2n, 3n]);
  });

  it('holds the stream back wherever it is in the cluster, and heartbeats go on', async () => {
    const streams = await openStreams();
    // Those of other tests may do so for a while.
    await waitUntil('nothing holds the streams back', () =>
      streams.every(({ messages }) => lagOf(messages.at(-1)!) === 0n),
    );
    const other = await createTestDatabase();
    const session = await openSession(other.url, 'a forgotten report');
    await session.query('SELECT pg_current_xact_id()');
    await credit(0, 'late', 9n);
    await credit(1, 'early', 9n);
    await Promise.all(streams.map((stream) => stream.untilHeartbeats(5)));
    expect(streams.map((stream) => stream.keys())).toEqual([[], [], []]);
    // The heartbeats tell, and the log of each server names the session, once.
    const [pid] = (await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows;
    const blocker = {
      pid: pid!.pid,
      application: 'a forgotten report',
      database: other.url.split('/').at(-1),
    };
    const named = () =>
      ledger.servers.map(({ heldBack }) =>
        heldBack.map((warning) => warning.blocker).filter((each) => each?.pid === blocker.pid),
      );
    // Sessions of other tests may be in the way for a while, too.
    await waitUntil('both servers name the session', () => named().every((warnings) => warnings.length > 0));
    await Promise.all(streams.map((stream) => stream.untilHeartbeats(5)));
    for (const warnings of named()) expect(warnings).toMatchObject([blocker]);
    for (const { messages } of streams) {
      expect(lagOf(messages.at(-1)!)).toBeGreaterThan(lagOf(messages.at(-2)!));
    }
    await session.query('COMMIT');
    await received(streams[0], 4);
    await received(streams[1], 1);
    await received(streams[2], 2);
    await session.end();
    await other.drop();
  });
});

describe('database transactions that left nothing behind', () => {
  it('move no position: after a crash their ids may be those of others', async () => {
    const streams = [...(await openStreams()), watch(ledger.client(0), {})];
    const lastTokens = async (): Promise<unknown[]> => {
      await Promise.all(streams.map((stream) => stream.untilHeartbeats(3)));
      return streams.map(({ messages }) => messages.at(-1)?.resumeToken);
    };
    const before = await lastTokens();
    for (let n = 0; n < 20; n += 1) await ledger.database.query('SELECT pg_current_xact_id()');

    expect(await lastTokens()).toEqual(before);
    const [now] = await firstOf(ledger.client(1), {}, 1, () => true);
    expect(now?.resumeToken).toBe(before[3]);
    await credit(0, 'late', 2n);
    const keys = await Promise.all(streams.map((stream, index) => received(stream, [2, 1, 1, 2][index]!)));
    expect(keys[1]).toEqual(['late GOLD 0 2']);
    expect(keys[3]).toEqual(keys[0]);
  });
});

/** Of everything, of one account, and of a system account; at both servers; behind what there is. */
async function openStreams(): Promise<[Watching, Watching, Watching]> {
  const filters = [{}, { userId: 'late', asset: 'GOLD' }, { userId: '@issuance', asset: 'GOLD' }];
  const before = (await storedKeys(ledger.database)).map(keyOf);
  const streams = await Promise.all(
    filters.map(async ({ userId }, turn) => {
      const filter = filters[turn]!;
      const count = before.filter((key) => userId === undefined || key.startsWith(`${userId} `)).length;
      const found = await firstOf(ledger.client(turn), { ...filter, fromStart: true }, count);
      return watch(ledger.client(turn), { ...filter, resumeToken: found.at(-1)!.resumeToken });
    }),
  );
  await Promise.all(streams.map((stream) => stream.opened()));
  return [streams[0]!, streams[1]!, streams[2]!];
}

async function received(stream: Watching, count: number): Promise<string[]> {
  await stream.untilEntries(count);
  await stream.untilHeartbeats(2);
  await stream.stop();
  expect(stream.keys()).toHaveLength(count);
  return stream.keys();
}

function credit(turn: number, userId: string, amount: bigint) {
  return ledger.client(turn).credit({ userId, asset: 'GOLD', amount });
}

async function openSession(url = ledger.database.url, application = ''): Promise<Client> {
  const session = new Client({ connectionString: url, application_name: application });
  await session.connect();
  sessions.push(session);
  await session.query('BEGIN');
  return session;
}

/** In nanoseconds. */
function lagOf({ lag }: WatchEntriesResponse): bigint {
  return lag!.seconds * 1_000_000_000n + BigInt(lag!.nanos);
}

function untilBlocked(batches: number): Promise<void> {
  return waitUntil(`${batches} batches wait`, async () => {
    const waiting = await ledger.database.query(
      `SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'ledger-writer' AND wait_event_type = 'Lock'`,
    );
    return waiting.length === batches;
  });
}

async function timeOf(transactionId: string): Promise<string> {
  const [row] = await ledger.database.query<{ time: string }>(
    'SELECT create_time::text AS time FROM ledger.transactions WHERE transaction_id = $1',
    [transactionId],
  );
  return row!.time;
}

/** Of the system account, behind the three of the beginning. */
async function keysOfSecondCredits(): Promise<string[]> {
  const stored = (await storedKeys(ledger.database)).filter(({ userId }) => userId === '@issuance');
  return stored.slice(3).map(keyOf);
}

function entryOn(transaction: { entries: { userId: string; sequence: bigint }[] }, userId: string) {
  return transaction.entries.find((entry) => entry.userId === userId);
}
