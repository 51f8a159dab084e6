import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type Http2Server,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ConnectionGuard } from '@ledger/kit/server/connection-guard';
import { connectionLimits } from '@ledger/kit/server/connection-limits';
import { Environment } from '@ledger/kit/server/environment';
import { RawHttp2 } from '../harness/raw-http2';
import { waitUntil } from '../harness/wait-until';

const BUDGET = 20;
const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

let server: Http2Server;
let guard: ConnectionGuard;
let told: string[];
/** Paths of the calls that reached their handler. */
let handled: string[];
/** How many of those have ended. */
let ended: number;
let clients: ClientHttp2Session[];

beforeEach(async () => {
  told = [];
  handled = [];
  ended = 0;
  clients = [];
  server = createServer();
  server.on('stream', (stream, headers) => {
    handled.push(String(headers[':path']));
    stream.on('error', () => undefined);
    stream.on('close', () => (ended += 1));
    if (headers[':path'] === '/answered') stream.respond({ ':status': 200 }, { endStream: true });
  });
  guard = new ConnectionGuard({
    limits: {
      ...connectionLimits(new Environment({}, 'TEST')),
      ...{ concurrentStreamsMax: 1_000, addressResetsMax: BUDGET, addressResetsPerSecond: 1e-9 },
    },
    requestMaxBytes: () => 1_000,
    isStream: () => false,
    takesStream: () => false,
    tell: (what) => void told.push(what),
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

it('cuts an address off that cancels too many calls, on however many connections', async () => {
  const polite = await open();
  const first = await open();
  await cancel(first, BUDGET);
  expect(await isServed(first)).toBe(true);
  const second = await open();
  const goaway = once(second, 'goaway');
  await cancel(second, 2);
  expect((await goaway)[0]).toBe(NGHTTP2_ENHANCE_YOUR_CALM);
  expect(told).toEqual(['a connection was closed: its address cancels too many calls']);
  expect(await isTaken()).toBe(false);
  expect(told).toContain('a connection was refused: its address cancels too many calls');
  expect(await isServed(polite)).toBe(true);
});

it('takes connections of an address again when others of its calls were answered', async () => {
  const polite = await open();
  const rude = await open();
  await cancel(rude, BUDGET + 1);
  expect(await isTaken()).toBe(false);
  await isServed(polite);
  expect(await isTaken()).toBe(true);
});

it.each([NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR])(
  'counts a call that was reset with code %d',
  async (code) => {
    const client = await open();
    await cancel(client, BUDGET + 1, { code });
    expect(await isTaken()).toBe(false);
  },
);

it.each([NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR])(
  'counts calls that were reset in the packet that began them, with code %d',
  async (code) => {
    const connection = await RawHttp2.connect(addressOf(server));
    connection.begin().cancelCalls('/waits', BUDGET, code);
    connection.open('/answered');
    await waitUntil('it is answered', () => connection.answers() === 1);
    expect(connection.isClosed).toBe(false);
    connection.cancelCalls('/waits', 2, code);
    await waitUntil('it is cut off', () => connection.isClosed);
    expect(connection.goaways()).toContain(NGHTTP2_ENHANCE_YOUR_CALM);
  },
);

it('does not count calls that were cancelled at their deadline, or ended with their connection', async () => {
  const client = await open();
  await cancel(client, 2 * BUDGET, { timeout: '1n' });
  const gone = await open();
  for (let index = 0; index < 2 * BUDGET; index += 1) request(gone, '/waits');
  await reached(4 * BUDGET);
  gone.destroy();
  while (ended < 4 * BUDGET) await turn();
  expect(await isServed(client)).toBe(true);
  expect(await isTaken()).toBe(true);
});

async function open(): Promise<ClientHttp2Session> {
  const client = connect(`http://${addressOf(server)}`);
  client.on('error', () => undefined);
  clients.push(client);
  await Promise.race([once(client, 'remoteSettings'), once(client, 'close')]);
  return client;
}

function addressOf(listening: Http2Server): string {
  return `127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

async function isTaken(): Promise<boolean> {
  const client = await open();
  return !client.closed && !client.destroyed;
}

function request(client: ClientHttp2Session, path: string, timeout?: string): ClientHttp2Stream {
  const headers = { ':path': path, ':method': 'POST', ...(timeout && { 'grpc-timeout': timeout }) };
  return client.request(headers).on('error', () => undefined);
}

/** Whether a call is answered on a connection. */
async function isServed(client: ClientHttp2Session): Promise<boolean> {
  const stream = request(client, '/answered');
  stream.end().resume();
  await once(stream, 'close');
  return stream.rstCode === NGHTTP2_NO_ERROR && !stream.aborted;
}

/** Cancels calls once their handlers have them, and sees the server take note of it. */
async function cancel(
  client: ClientHttp2Session,
  count: number,
  { code = NGHTTP2_CANCEL, timeout }: { code?: number; timeout?: string } = {},
): Promise<void> {
  const before = handled.length;
  const streams = Array.from({ length: count }, () => request(client, '/waits', timeout));
  await reached(before + count);
  const begunAt = performance.now();
  while (timeout !== undefined && performance.now() <= begunAt + 1) await turn();
  for (const stream of streams) stream.close(code);
  while (!streams.every(({ destroyed }) => destroyed)) await turn();
  // An answer to what was sent after them; none when the connection was closed.
  if (!client.destroyed) await new Promise((resolve) => client.ping(resolve) || resolve(null));
}

async function reached(count: number): Promise<void> {
  while (handled.length < count) await turn();
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
