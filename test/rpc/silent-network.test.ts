import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { startSilentProxy, type SilentProxy } from '../harness/silent-proxy';
import { waitUntil } from '../harness/wait-until';
import { watch } from '../harness/watching';

const credit = { userId: 'ada', asset: 'GOLD', amount: 5n };
/** Pings that notice a dead connection while a test waits. */
const keepalive = { 'grpc.keepalive_time_ms': 100, 'grpc.keepalive_timeout_ms': 400 };
const noKeepalive = { 'grpc.keepalive_time_ms': 0 };

let ledger: LedgerUnderTest;
let proxy: SilentProxy;
let client: LedgerClient;

beforeAll(async () => {
  ledger = await startLedger(1, { watchHeartbeatMs: 20 });
});
afterAll(() => ledger.dispose());

beforeEach(async () => {
  proxy = await startSilentProxy(ledger.servers[0]!.address);
});
afterEach(async () => {
  client.close();
  await proxy.close();
});

async function start(options: ConstructorParameters<typeof LedgerClient>[0]): Promise<void> {
  client = new LedgerClient({ address: proxy.address, timeoutMs: AN_HOUR_MS, ...options });
  await client.waitForReady();
}

it('loses a call to no connection that pings find dead', async () => {
  await start({ channelOptions: keepalive });
  proxy.dropPackets();
  const written = await client.credit({ ...credit, requestId: 'pinged' });
  expect(written.transaction.requestId).toBe('pinged');
  expect((await client.getBalance(credit)).balance.balance).toBeGreaterThanOrEqual(5n);
  // More when the machine stands still for longer than a ping may take.
  expect(proxy.connections).toBeGreaterThanOrEqual(2);
});

it('finds a dead connection between calls as well', async () => {
  await start({ channelOptions: keepalive });
  proxy.dropPackets();
  await waitUntil('the connection is given up', () => proxy.open === 0);
});

it.each(['credit', 'getBalance'] as const)(
  'takes a new connection for the second attempt of %s when the first got no answer, and leaves none behind',
  async (method) => {
    // A clock of which each attempt takes its time: gRPC sees the first end soon, and the second never.
    let now = 0;
    let attempts = 0;
    const clock = {
      now: () => now,
      deadlineIn: (ms: number) => {
        attempts += 1;
        now += ms;
        return attempts === 1 ? Date.now() + 50 : Date.now() + AN_HOUR_MS;
      },
      sleep: () => Promise.resolve(),
      after: () => () => undefined,
    };
    await start({ channelOptions: noKeepalive, clock });
    attempts = 0;
    proxy.dropPackets();
    const { balance } = await client[method](credit, { timeoutMs: 60_000 });
    expect(balance.balance).toBeGreaterThanOrEqual(method === 'credit' ? 5n : 0n);
    expect(attempts).toBe(2);
    await waitUntil('the dead connection is closed', () => proxy.open === 1);
  },
);

it('continues a watch whose heartbeats stay away where it was', async () => {
  await start({ channelOptions: noKeepalive, watchHeartbeatMs: 300 });
  const watching = watch(client, { userId: 'ada', asset: 'WATCHED' });
  await watching.opened();
  proxy.dropPackets();
  for (let n = 0; n < 3; n += 1) await ledger.client().credit({ ...credit, asset: 'WATCHED' });
  await watching.untilEntries(3);
  expect(watching.keys()).toEqual(['ada WATCHED 0 1', 'ada WATCHED 0 2', 'ada WATCHED 0 3']);
  await watching.stop();
});
