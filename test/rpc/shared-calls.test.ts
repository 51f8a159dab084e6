import { once } from 'node:events';
import { connect, createServer, type ClientHttp2Session, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ConnectionGuard } from '@ledger/kit/server/connection-guard';
import { connectionLimits } from '@ledger/kit/server/connection-limits';
import { Environment } from '@ledger/kit/server/environment';
import { RawHttp2 } from '../harness/raw-http2';
import { waitUntil } from '../harness/wait-until';

const CALLS_MAX = 100;
const STREAMS_MAX = 80;
const CALLS_IDLE = 10;

let server: Http2Server;
let guard: ConnectionGuard;
let clients: ClientHttp2Session[];

beforeEach(async () => {
  clients = [];
  server = createServer({ settings: { maxConcurrentStreams: CALLS_IDLE } });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers[':path'] === '/answered') stream.respond({ ':status': 200 }, { endStream: true });
  });
  guard = new ConnectionGuard({
    limits: {
      ...connectionLimits(
        new Environment({ TEST_CALLS_MAX: `${CALLS_MAX}`, TEST_CALLS_IDLE: `${CALLS_IDLE}` }, 'TEST'),
      ),
      concurrentStreamsMax: STREAMS_MAX,
    },
    requestMaxBytes: () => 1_000,
    isStream: (path) => path === '/stream',
    takesStream: () => false,
    tell: () => undefined,
  });
  guard.watch(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  for (const client of clients) client.destroy();
  guard.stop();
  server.close();
});

async function open(count: number): Promise<ClientHttp2Session[]> {
  const { port } = server.address() as AddressInfo;
  const opened = Array.from({ length: count }, () => connect(`http://127.0.0.1:${port}`));
  await Promise.all(opened.map((client) => once(client, 'remoteSettings')));
  clients.push(...opened);
  return opened;
}

function call(client: ClientHttp2Session, path: string): void {
  const stream = client.request({ ':path': path, ':method': 'POST' });
  stream.on('error', () => undefined);
  stream.resume();
  if (path === '/answered') stream.end();
}

async function untilAllowed(client: ClientHttp2Session, calls: number): Promise<void> {
  await waitUntil(`${calls} calls are allowed`, () => client.remoteSettings.maxConcurrentStreams === calls);
}

it('connections that send calls share what the server takes at the same time', async () => {
  const [first, second, third, ...rest] = await open(10);
  call(first!, '/open');
  await untilAllowed(first!, 64);
  call(second!, '/open');
  call(third!, '/open');
  // A hundred by three, to the next power of two.
  await untilAllowed(first!, 32);
  for (const client of rest) call(client, '/open');
  await untilAllowed(rest.at(-1)!, 8);
  first!.destroy();
  for (const client of rest) client.destroy();
  await untilAllowed(second!, 32);
});

it('one that sends nothing takes no share, and one that was answered gives it back', async () => {
  const [busy, idle, brief] = await open(3);
  call(busy!, '/open');
  call(brief!, '/answered');
  await untilAllowed(busy!, 64);
  await untilAllowed(idle!, CALLS_IDLE);
});

it('one that begins to send much need not wait for the next look at all connections', async () => {
  const [client] = await open(1);
  guard.stop();
  for (let index = 0; index < CALLS_IDLE; index += 1) call(client!, '/open');
  await untilAllowed(client!, 2 * CALLS_IDLE);
  for (let index = 0; index < CALLS_IDLE; index += 1) call(client!, '/open');
  await untilAllowed(client!, 4 * CALLS_IDLE);
});

it('one that acknowledges no settings is closed in the end, and costs the others nothing', async () => {
  const { port } = server.address() as AddressInfo;
  const silent = await RawHttp2.connect(`127.0.0.1:${port}`);
  silent.begin().open('/open');
  const untilTold = async (change: () => void): Promise<void> => {
    const before = silent.settings();
    change();
    await waitUntil('it is told of its share', () => silent.isClosed || silent.settings() > before);
  };
  await untilTold(() => undefined);
  for (let round = 0; round < 10 && !silent.isClosed; round += 1) {
    const [other] = await open(1);
    await untilTold(() => call(other!, '/open'));
    await untilTold(() => other!.destroy());
  }
  expect(silent.isClosed).toBe(true);
  const [client] = await open(1);
  call(client!, '/open');
  await untilAllowed(client!, 64);
});

it('streams that go on for long leave as many calls beside them', async () => {
  const [client] = await open(1);
  call(client!, '/open');
  await untilAllowed(client!, 64);
  for (let index = 0; index < 5; index += 1) call(client!, '/stream');
  await untilAllowed(client!, 69);
  for (let index = 0; index < 20; index += 1) call(client!, '/stream');
  await untilAllowed(client!, STREAMS_MAX);
});
