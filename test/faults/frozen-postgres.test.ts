import { checkLedger } from '../harness/check-ledger';
import { EmbeddedOwner } from '../harness/embedded-owner';
import { checkHealth, watchHealth } from '../harness/health-client';
import { signalAll, TestDataDirectory } from '../harness/test-data-directory';
import { openDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

const gold = { userId: 'ada', asset: 'GOLD', amount: 1n };

/** Its machine swaps, or its disk stands still: it takes connections up, since the kernel does, and answers nothing. */
describe('a Postgres that is frozen with all of its processes', () => {
  const directory = new TestDataDirectory();
  const postgres = new EmbeddedOwner({ dataDir: directory.path });
  let url: string;
  let server: TestServer;

  beforeAll(async () => {
    ({ url } = await postgres.ready());
    // Every limit but that of health is long: nothing else notices.
    server = await startTestServer(url, { healthIntervalMs: 20, healthTimeoutMs: 300 });
    await server.client.credit({ ...gold, requestId: 'before' });
  });
  afterAll(async () => {
    signalAll(directory.processes(), 'SIGCONT');
    await server.stop();
    await postgres.stop();
    await directory.remove();
  });

  it.each([1, 2])('is not healthy until it goes on, time %d', async (time) => {
    const { address, client } = server;
    await waitUntil('SERVING', async () => (await checkHealth(address)) === 'SERVING');
    const watch = watchHealth(address);
    await waitUntil('it watches', () => watch.seen.length === 1);
    const frozen = directory.processes();
    expect(frozen.length).toBeGreaterThan(5);
    signalAll(frozen, 'SIGSTOP');
    await waitUntil('NOT_SERVING', () => watch.seen.includes('NOT_SERVING'));
    const written = client.credit({ ...gold, requestId: `during-${time}` });

    signalAll(frozen, 'SIGCONT');
    await waitUntil('SERVING', () => watch.seen.lastIndexOf('SERVING') > 0);
    expect(watch.seen).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    watch.end();
    expect(await written).toMatchObject({ balance: { sequence: BigInt(time + 1) } });
    expect(await checkLedger(openDatabase(url))).toEqual([]);
  });
});
