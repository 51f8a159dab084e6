import { readdirSync } from 'node:fs';
import { LedgerProcess } from '../harness/ledger-process';
import { rawCalls } from '../harness/raw-calls';
import { RawClient } from '../harness/raw-client';
import { RawHttp2 } from '../harness/raw-http2';
import { createEmptyDatabase, type TestDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';

const ENHANCE_YOUR_CALM = 11;
const LIST_ENTRIES = '/ledger.v1.LedgerService/ListEntries';
const CREDIT = '/ledger.v1.LedgerService/Credit';
const balance = rawCalls.getBalance({ userId: 'ada', asset: 'GOLD' });

const purchase = rawCalls.purchase({
  ...{ requestId: 'r', userId: 'victim' },
  subject: { $case: 'price', value: { asset: 'GOLD', amount: 1n } },
});

let database: TestDatabase;
let server: LedgerProcess;
let opened: RawHttp2[];

beforeEach(async () => {
  database = await createEmptyDatabase();
  opened = [];
});
afterEach(async () => {
  for (const { socket } of opened) socket.destroy();
  await server.dispose();
  await database.drop();
});

it('keeps no descriptor of connections that cancelled more calls than Node allows', async () => {
  const address = await startServer({});
  const client = new RawClient(address);
  await client.send(balance);
  const before = descriptors();
  for (let index = 0; index < 10; index += 1) {
    const connection = await connect(address);
    connection.begin().cancelCalls(CREDIT, 1_100);
    await waitUntil('the server refuses more', () => connection.isClosed || connection.goaways().length > 0);
    connection.socket.destroy();
  }
  await waitUntil('the descriptors are free again', () => descriptors() <= before);
  expect((await client.send(balance)).code).toBe(0);
  client.close();
});

it('closes what never begins, what is silent, and what stands still', async () => {
  const address = await startServer({
    ...{ LEDGER_HANDSHAKE_TIMEOUT_MS: '100', LEDGER_CONNECTION_IDLE_MS: '100' },
    ...{ LEDGER_KEEPALIVE_MS: '50', LEDGER_KEEPALIVE_TIMEOUT_MS: '100' },
  });
  await waitUntil('it is quiet', () => descriptors() > 0);
  const before = descriptors();
  const halfOpen = await Promise.all(Array.from({ length: 50 }, () => connect(address)));
  const idle = await connect(address);
  idle.begin();
  // It has a call that never ends, and does not answer pings: like a peer that has vanished behind a proxy.
  const vanished = await connect(address);
  vanished.begin().open(CREDIT);
  vanished.socket.pause();
  await waitUntil('they are closed', () => [...halfOpen, idle].every(({ isClosed }) => isClosed));
  await waitUntil('the descriptors are free again', () => descriptors() <= before);
  await server.logged('a connection was closed: it did not begin to speak HTTP/2');
});

it('answers others while connections open many calls in one packet and cancel them in the next', async () => {
  const address = await startServer({});
  const polite = new RawClient(address);
  expect((await polite.send(balance)).code).toBe(0);
  const attack = async (): Promise<void> => {
    for (let index = 0; index < 100; index += 1) {
      const connection = await connect(address).catch(() => null);
      if (connection === null) continue;
      connection.begin();
      for (let round = 0; round < 5 && !connection.isClosed; round += 1) {
        const ids = connection.openCalls(purchase.path, purchase.bytes, 200);
        // Its answer shows that the server has read what was sent before it.
        expect((await polite.send(balance)).code).toBe(0);
        connection.cancel(ids);
      }
      connection.socket.destroy();
    }
  };
  await Promise.all([attack(), attack(), attack(), attack()]);
  expect((await polite.send(balance)).code).toBe(0);
  polite.close();
});

it('ends calls whose message never comes, many on one connection', async () => {
  const address = await startServer({
    LEDGER_REQUEST_TIME_MAX_MS: '200',
    LEDGER_CONCURRENT_STREAMS_MAX: '500',
    LEDGER_CALLS_IDLE: '500',
  });
  const connection = await connect(address);
  connection.begin();
  const STREAMS = 500;
  for (let index = 0; index < STREAMS; index += 1) connection.data(connection.open(CREDIT), Buffer.from([0]));
  await waitUntil('all are answered', () => connection.answers() >= STREAMS);
  expect(connection.isClosed).toBe(false);
});

it('refuses connections beyond its limit, says so, and serves those that it has', async () => {
  const LIMIT = 20;
  const address = await startServer({ LEDGER_CONNECTIONS_MAX: LIMIT.toString() });
  const client = new RawClient(address);
  expect((await client.send(balance)).code).toBe(0);
  const first = await Promise.all(Array.from({ length: LIMIT - 1 }, () => connect(address)));
  for (const connection of first) connection.begin();
  const more = await Promise.all(Array.from({ length: 50 }, () => connect(address)));
  await waitUntil('the others are refused', () => more.every(({ isClosed }) => isClosed));
  expect(first.map(({ isClosed }) => isClosed)).not.toContain(true);
  expect((await client.send(balance)).code).toBe(0);
  await server.logged('a connection was refused: there are too many');
  // One line and a count, not fifty.
  expect(server.lines.filter(({ msg }) => msg.startsWith('a connection was refused'))).toHaveLength(1);
  client.close();
});

it('goes on with the calls of a connection on which far more than 1,000 were cancelled', async () => {
  const address = await startServer({});
  const client = new RawClient(address);
  const lone = client.send(rawCalls.credit({ requestId: 'c', userId: 'ada', asset: 'GOLD', amount: 1n }));
  for (let round = 0; round < 30; round += 1) {
    const cancelled = Array.from({ length: 50 }, () => client.start(balance));
    for (const call of cancelled) call.cancel();
    expect((await client.send(balance)).code).toBe(0);
  }
  expect((await lone).code).toBe(0);
  client.close();
});

it('cuts off an address that cancels far more calls than are answered, on however many connections', async () => {
  const address = await startServer({
    LEDGER_ADDRESS_RESETS_MAX: '300',
    LEDGER_ADDRESS_RESETS_PER_SECOND: '1',
  });
  const client = new RawClient(address);
  expect((await client.send(balance)).code).toBe(0);
  for (let index = 0; index < 3; index += 1) (await connect(address)).begin().cancelCalls(CREDIT, 150);
  await server.logged('a connection was closed: its address cancels too many calls');
  const [, , last] = opened;
  await waitUntil('it is closed', () => last?.isClosed === true);
  expect(last?.goaways()).toContain(ENHANCE_YOUR_CALM);
  const refused = await connect(address);
  await waitUntil('a new one is refused', () => refused.isClosed);
  expect((await client.send(balance)).code).toBe(0);
  client.close();
});

it('lets no call fail when connections reach their age', async () => {
  const address = await startServer({ LEDGER_CONNECTION_AGE_MS: '300', LEDGER_LOG_LEVEL: 'debug' });
  const client = new RawClient(address);
  const codes = new Set<number>();
  const closed = (): number => server.lines.filter(({ msg }) => msg === 'connection closed').length;
  while (closed() < 5) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => client.send(balance)));
    for (const { code } of answers) codes.add(code);
  }
  expect(codes).toEqual(new Set([0]));
  client.close();
});

it('closes a connection that does not read its answers, before they fill the memory', async () => {
  const address = await startServer({ LEDGER_CONNECTION_UNREAD_MAX_BYTES: '1000000' });
  const client = new RawClient(address);
  await storeHistory(client);
  const connection = await connect(address);
  connection.begin();
  const page = grpcFrame(rawCalls.listEntries({ userId: 'ada', asset: 'GOLD', pageSize: 1_000 }).bytes);
  // Its window stays as it is: it takes 64 KiB.
  for (let index = 0; index < 200; index += 1) connection.data(connection.open(LIST_ENTRIES), page, true);
  await waitUntil('the server closes it', () => connection.isClosed);
  expect(connection.goaways()).toContain(ENHANCE_YOUR_CALM);
  await server.logged('a connection was closed: it does not read its answers');
  expect((await client.send(balance)).code).toBe(0);
  client.close();
});

async function storeHistory(client: RawClient): Promise<void> {
  const writes = Array.from({ length: 1_000 }, (_, index) =>
    client.send(
      rawCalls.credit({
        ...{ requestId: `credit-${index}`, userId: 'ada', asset: 'GOLD', amount: 1n },
        ...{ description: 'd'.repeat(200) },
      }),
    ),
  );
  expect(new Set((await Promise.all(writes)).map(({ code }) => code))).toEqual(new Set([0]));
}

function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

async function startServer(settings: Readonly<Record<string, string>>): Promise<string> {
  server = new LedgerProcess({ DATABASE_URL: database.url, ...settings });
  return server.listening();
}

async function connect(address: string): Promise<RawHttp2> {
  const connection = await RawHttp2.connect(address);
  opened.push(connection);
  return connection;
}

/** How many descriptors the server has. */
function descriptors(): number {
  return readdirSync(`/proc/${server.pid}/fd`).length;
}
