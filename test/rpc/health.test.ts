/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import { lockAccount } from '../harness/account-lock';
import { checkHealth, watchHealth } from '../harness/health-client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { RawClient } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { openDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';
import { rawCalls } from '../harness/raw-calls';

const SERVICES = ['', 'ledger.v1.LedgerService', 'ledger.v1.CatalogService', 'ledger.v1.AccountService'];
const HEALTH_INTERVAL_MS = 20;

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1, { healthIntervalMs: HEALTH_INTERVAL_MS });
});
afterAll(() => ledger.dispose());

it.each(SERVICES)('is SERVING for %j', async (service) => {
  expect(await checkHealth(ledger.servers[0]!.address, service)).toBe('SERVING');
});

it('is not known for a service that is not there', async () => {
  await expect(checkHealth(ledger.servers[0]!.address, 'ledger.v2.LedgerService')).rejects.toMatchObject({
    code: status.NOT_FOUND,
  });
});

it('is NOT_SERVING while the database is away, and calls say so and book nothing', async () => {
  const { address } = ledger.servers[0]!;
  const watch = watchHealth(address);
  const credit = rawCalls.credit({ requestId: 'during', userId: 'ada', asset: 'GOLD', amount: 5n });
  const reads = [
    rawCalls.getBalance({ userId: 'ada', asset: 'GOLD' }),
    rawCalls.listEntries({ userId: 'ada', asset: 'GOLD' }),
    rawCalls.getItem({ itemId: 'mug' }),
  ];
  await ledger.client().credit({ userId: 'ada', asset: 'GOLD', amount: 1n });

  await allowConnections(ledger.database, false);
  try {
    for (const service of SERVICES) {
      await waitUntil('NOT_SERVING', async () => (await checkHealth(address, service)) === 'NOT_SERVING');
    }
    for (const call of [credit, ...reads]) {
      expect(refusalOf(await ledger.raw().send(call))).toMatchObject({
        ...{ code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE', domain: 'ledger.v1', metadata: {} },
        ...{ details: ['ErrorInfo', 'RetryInfo'], message: 'the database is away' },
      });
    }
  } finally {
    await allowConnections(ledger.database, true);
  }

  await waitUntil('SERVING', async () => (await checkHealth(address)) === 'SERVING');
  expect(await ledger.raw().send(credit)).toMatchObject({ code: 0, replayed: undefined });
  expect(await ledger.client().getBalance({ userId: 'ada', asset: 'GOLD' })).toMatchObject({
    balance: { balance: 6n, sequence: 2n },
  });
  await waitUntil('the watch saw it', () => watch.seen.length >= 3);
  watch.end();
  expect(watch.seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
});

it('is NOT_SERVING as soon as a stop begins, while what was accepted is still finished', async () => {
  const server = await startTestServer(ledger.database.url, { healthIntervalMs: HEALTH_INTERVAL_MS });
  const watch = watchHealth(server.address);
  const raw = new RawClient(server.address);
  await waitUntil('SERVING', () => watch.seen.includes('SERVING'));
  const account = { userId: 'eve', asset: 'GOLD', amount: 1n };
  await server.client.credit(account);
  const lock = await lockAccount(ledger.database, 'eve', 'GOLD');
  const answer = raw.send(rawCalls.credit({ ...account, requestId: 'accepted' }));
  await lock.untilBlocked();

  let stopped = false;
  const stop = server.stop().then(() => (stopped = true));
  await waitUntil('NOT_SERVING', () => watch.seen.includes('NOT_SERVING'));
  expect(stopped).toBe(false);

  await lock.release();
  expect(await answer).toMatchObject({ code: 0 });
  await stop;
  expect(watch.seen).toEqual(['SERVING', 'NOT_SERVING']);
  watch.end();
  raw.close();
});

/** Takes the database away from everybody, or gives it back. */
async function allowConnections(database: TestDatabase, allow: boolean): Promise<void> {
  const name = new URL(database.url).pathname.slice(1);
  const cluster = openDatabase(process.env['LEDGER_TEST_CLUSTER_URL']!);
  await cluster.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${String(allow)}`);
  if (allow) return;
  await cluster.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
}
