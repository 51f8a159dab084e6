/** @paused: also run by `npm run test:paused`. */
import { LedgerClient, type WatchEntriesResponse } from '@ledger/client';
import { ReadPool } from '../../services/ledger/src/store/read-pool';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { startTestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';
import { entriesOf, firstOf, keyOf, storedKeys, watch } from '../harness/watching';

const PATH = 'ledger.v1.LedgerService/WatchEntries';
/** What the server reads at once. */
const PAGE_SIZE = 500;
const CREDITS = 2_500;
const USERS = 25;

let ledger: LedgerUnderTest;

// No health check in the background: what reads from the store are the streams.
const quiet = { healthIntervalMs: AN_HOUR_MS, watchHeartbeatMs: 20 };

describe('a reader', () => {
  beforeAll(async () => {
    ledger = await startLedger(1, { ...quiet, watchHeartbeatMs: AN_HOUR_MS });
    const writes = Array.from({ length: CREDITS }, (_, n) => {
      const value = { requestId: `credit-${n}`, userId: `user-${n % USERS}`, asset: 'GOLD', amount: 1n };
      return { write: { $case: 'credit', value } } as const;
    });
    await ledger.client().batchWrite({ writes });
    // Other tests' transactions on this Postgres hold the horizon back for a while; readers would ask again and again.
    const first = watch(ledger.client(), { fromStart: true });
    await first.untilEntries(2 * CREDITS);
    await first.stop();
  });
  afterAll(() => ledger.dispose());
  afterEach(() => jest.restoreAllMocks());

  it('that does not read costs a page or two, and loses nothing', async () => {
    const reads = jest.spyOn(ReadPool.prototype, 'read');
    const stream = ledger.client().watchEntries({ fromStart: true });
    const messages = [await stream.next()];
    const pages = await untilStalled(reads);
    // What HTTP/2 lets out to a reader that takes nothing are 64 KiB, some 300 messages.
    expect(pages).toBeLessThanOrEqual(4);

    const keys = entriesOf(messages.flatMap(({ value }) => value ?? [])).map(keyOf);
    while (keys.length < 2 * CREDITS) {
      const { value } = await stream.next();
      if (value?.entry !== undefined) keys.push(keyOf(value.entry));
    }
    await stream.return();
    expect(keys).toEqual((await storedKeys(ledger.database)).map(keyOf));
    expect(reads.mock.calls.length).toBeGreaterThan((2 * CREDITS) / PAGE_SIZE);
  });

  it('that does not read is forgotten when it leaves', async () => {
    const reads = jest.spyOn(ReadPool.prototype, 'read');
    const stream = ledger.client().watchEntries({ fromStart: true });
    await stream.next();
    await untilStalled(reads);
    const ended = endedStreams();
    await stream.return();
    await waitUntil('the server knows', () => endedStreams() > ended);
    const record = ledger.servers[0]!.calls.filter(({ method }) => method === PATH).at(-1);
    expect(record).toMatchObject({ code: 'CANCELLED' });
    expect(record!.messages).toBeLessThan(3 * PAGE_SIZE);
    await expectNoReads(reads);
  });

  it('is woken by every change, without any heartbeat', async () => {
    const streams = Array.from({ length: USERS }, (_, n) => watch(ledger.client(), { userId: `user-${n}` }));
    await Promise.all(streams.map((stream) => stream.opened()));
    const credited = streams.map(async (stream, n) => {
      for (let round = 1; round <= 8; round += 1) {
        await ledger.client().credit({ userId: `user-${n}`, asset: 'GOLD', amount: 1n });
        if (round % 2 === 0) await stream.untilEntries(round);
      }
      await stream.stop();
    });
    await Promise.all(credited);
  });

  it('that waits leaves no question to the database behind', async () => {
    const reads = jest.spyOn(ReadPool.prototype, 'read');
    const waiting = watch(ledger.client(), { userId: 'user-1' });
    await waiting.opened();
    await ledger.client().credit({ userId: 'user-1', asset: 'GOLD', amount: 1n });
    await waiting.untilEntries(1);
    const ended = endedStreams();
    await waiting.stop();
    await waitUntil('the server knows', () => endedStreams() > ended);
    // The question that was on its way.
    await untilStalled(reads);
    await expectNoReads(reads);
    expect(ledger.servers[0]!.faults).toEqual([]);
  });
});

describe('a stream', () => {
  beforeAll(async () => {
    ledger = await startLedger(2, quiet);
    await ledger.client().credit({ userId: 'ada', asset: 'GOLD', amount: 1n });
  });
  afterAll(() => ledger.dispose());

  it('ends with UNAVAILABLE when its server stops, and at once', async () => {
    const server = await startTestServer(ledger.database.url, { ...quiet, shutdownTimeoutMs: AN_HOUR_MS });
    const client = new LedgerClient({ address: server.address, retry: { maxAttempts: 1 } });
    const idle = watch(client, { userId: 'nobody' });
    const busy = watch(client, { fromStart: true });
    await Promise.all([idle.opened(), busy.untilEntries(2)]);
    // Its limit for calls that still run is an hour: the streams do not use it up.
    await server.stop();
    for (const stream of [idle, busy]) {
      await expect(stream.untilEntries(1_000)).rejects.toMatchObject({
        codeName: 'UNAVAILABLE',
        reason: 'STORE_UNAVAILABLE',
      });
    }
    const records = server.calls.filter(({ method }) => method === PATH);
    expect(records).toMatchObject([{ code: 'UNAVAILABLE' }, { code: 'UNAVAILABLE' }]);
    client.close();
  });

  it('goes on at another server without a gap', async () => {
    const server = await startTestServer(ledger.database.url, quiet);
    const [other] = ledger.servers;
    const client = new LedgerClient({ address: `ipv4:${server.address},${other!.address}` });
    const stream = watch(client, { userId: 'ada', asset: 'GOLD', fromStart: true });
    await stream.untilEntries(1);
    const booking = (async () => {
      for (let n = 0; n < 40; n += 1)
        await ledger.client(1).credit({ userId: 'ada', asset: 'GOLD', amount: 1n });
    })();
    await stream.untilEntries(5);
    await server.stop();
    await booking;
    await stream.untilEntries(41);
    await stream.untilHeartbeats(2);
    await stream.stop();
    expect(entriesOf(stream.messages).map(({ sequence }) => Number(sequence))).toEqual(
      Array.from({ length: 41 }, (_, n) => n + 1),
    );
    expect(server.calls.filter(({ method }) => method === PATH)).toMatchObject([{ code: 'UNAVAILABLE' }]);
    client.close();
  });

  it('goes on when the database was away', async () => {
    const stream = watch(ledger.client(0), { fromStart: true });
    await stream.untilEntries(2);
    await ledger.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'ledger-reader'`,
    );
    await ledger.client(1).credit({ userId: 'ada', asset: 'GOLD', amount: 2n });
    await stream.untilEntries((await storedKeys(ledger.database)).length);
    await stream.untilHeartbeats(2);
    await stream.stop();
    expect(stream.keys()).toEqual((await storedKeys(ledger.database)).map(keyOf));
  });

  it('opens with a token, and sends one whenever it was silent for a while', async () => {
    const stream = watch(ledger.client(), { userId: 'nobody' });
    await stream.untilHeartbeats(5);
    await stream.stop();
    expect(stream.messages.every(({ entry, resumeToken }) => entry === undefined && resumeToken !== '')).toBe(
      true,
    );
    await ledger.client().credit({ userId: 'nobody', asset: 'GOLD', amount: 3n });
    for (const { resumeToken } of stream.messages) expect(await nextChange(resumeToken)).toBe(3n);
  });

  it('moves the token of a silent stream along with the ledger', async () => {
    const stream = watch(ledger.client(), { userId: 'nobody' });
    const { resumeToken } = await stream.opened();
    await ledger.client().credit({ userId: 'ada', asset: 'GOLD', amount: 3n });
    await waitUntil('another token', () => stream.messages.at(-1)!.resumeToken !== resumeToken);
    await stream.stop();
  });
});

async function nextChange(resumeToken: string): Promise<bigint | undefined> {
  const [found]: WatchEntriesResponse[] = await firstOf(
    ledger.client(1),
    { userId: 'nobody', resumeToken },
    1,
  );
  return found?.entry?.change;
}

function endedStreams(): number {
  return ledger.servers[0]!.calls.filter(({ method }) => method === PATH).length;
}

type Reads = jest.SpyInstance<unknown, never[]> | { readonly mock: { readonly calls: readonly unknown[] } };

/** Resolves with how often the store was read when that has not grown for a while. */
async function untilStalled(reads: Reads): Promise<number> {
  let last = -1;
  let same = 0;
  await waitUntil('no more reads', () => {
    same = reads.mock.calls.length === last ? same + 1 : 0;
    last = reads.mock.calls.length;
    return same === 20;
  });
  return last;
}

/** Writes do not read from the store by themselves. */
async function expectNoReads(reads: Reads): Promise<void> {
  const before = reads.mock.calls.length;
  for (let n = 0; n < 20; n += 1) {
    await ledger.client().credit({ userId: 'user-1', asset: 'GOLD', amount: 1n });
  }
  expect(reads.mock.calls.length).toBe(before);
}
