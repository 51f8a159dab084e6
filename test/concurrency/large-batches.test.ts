import type { BatchWriteItem } from '@ledger/client';
import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from '../harness/limits';
import { checkLedger } from '../harness/check-ledger';
import { lockAccount } from '../harness/account-lock';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { startTestServer } from '../harness/test-server';

const asset = 'GOLD';
const MOST = 10_000;
const TIMEOUT_MS = 60_000;

describe('large batches', () => {
  let ledger: LedgerUnderTest;

  beforeEach(async () => {
    ledger = await startLedger(1);
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    await ledger.dispose();
  }, TIMEOUT_MS);

  it(
    'leave room for single purchases, which are answered while 10,000 writes run',
    async () => {
      const { client } = ledger.servers[0]!;
      await client.credit({ userId: 'ada', asset, amount: 1_000n });
      const ended = new AbortController();
      const batch = client.batchWrite({ writes: credits('independent', MOST) }).finally(() => ended.abort());
      let paid = 0;
      const stillRuns = (): boolean => !ended.signal.aborted;
      while (stillRuns()) {
        await client.purchase({ userId: 'ada', subject: { $case: 'price', value: { asset, amount: 1n } } });
        if (stillRuns()) paid += 1;
      }
      const { results } = await batch;

      expect(results.filter(({ outcome }) => outcome?.$case === 'credit')).toHaveLength(MOST);
      // One chunk is 250 writes: more than a purchase for every other one.
      expect(paid).toBeGreaterThan(20);
      expect(ledger.servers[0]!.faults).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'of 10,000 writes are carried out atomically, once',
    async () => {
      const { client } = ledger.servers[0]!;
      const batch = { requestId: 'whole', atomic: true, writes: credits('atomic', MOST) };
      const first = await client.batchWrite(batch);
      expect(first.results).toHaveLength(MOST);
      expect(await client.batchWrite(batch)).toEqual({
        ...first,
        replayed: true,
        position: expect.any(String),
      });
    },
    TIMEOUT_MS,
  );

  it(
    'that a stopped server answered in part or not at all are completed by another one, each write once',
    async () => {
      await ledger.client().credit({ userId: 'u-locked', asset, amount: 1n });
      const first = await startTestServer(ledger.database.url, { bulkBatchMax: 50 });
      const client = new LedgerClient({
        address: first.address,
        timeoutMs: AN_HOUR_MS,
        retry: { maxAttempts: 1 },
      });
      const lock = await lockAccount(ledger.database, 'u-locked', asset);
      // The fourth chunk waits for the lock, what comes after it is not started yet.
      const writes = [...credits('part', 175), creditOf('held', 'u-locked'), ...credits('rest', 300)];
      const gone = client.batchWrite({ writes }).catch((error: unknown) => error);
      await lock.untilBlocked();
      // As a kill would: the callers and the database see it break off.
      client.close();
      await ledger.database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'ledger-writer' AND wait_event_type = 'Lock'`,
      );
      await first.stop();
      await lock.release();
      await gone;

      const { results } = await ledger.client().batchWrite({ writes });
      expect(results.filter(({ outcome }) => outcome?.$case === 'credit')).toHaveLength(writes.length);
      expect(results.slice(0, 150).map(({ replayed }) => replayed)).toEqual(
        Array.from({ length: 150 }, () => true),
      );
      const [{ count }] = (await ledger.database.query<{ count: string }>(
        'SELECT count(*) FROM ledger.transactions',
      )) as [{ count: string }];
      expect(Number(count)).toBe(writes.length + 1);
    },
    TIMEOUT_MS,
  );
});

function credits(prefix: string, count: number): BatchWriteItem[] {
  return Array.from({ length: count }, (_, n) => creditOf(`${prefix}-${n}`, `u${n % 500}`));
}

function creditOf(requestId: string, userId: string): BatchWriteItem {
  return { write: { $case: 'credit', value: { requestId, userId, asset, amount: 1n } } };
}
