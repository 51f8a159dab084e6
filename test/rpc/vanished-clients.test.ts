import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { LedgerClient } from '@ledger/client';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { LedgerProcess } from '../harness/ledger-process';
import { AN_HOUR_MS } from '../harness/limits';
import { RawClient } from '../harness/raw-client';
import { rawCalls } from '../harness/raw-calls';
import { startSilentProxy, type SilentProxy } from '../harness/silent-proxy';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';

const CLIENTS = 300;
const gold = { userId: 'ada', asset: 'GOLD', amount: 1n };

let database: TestDatabase;
let server: LedgerProcess;
let proxy: SilentProxy;
let direct: LedgerClient;

beforeAll(async () => {
  database = await createTestDatabase();
  server = new LedgerProcess({
    DATABASE_URL: database.url,
    ...{ LEDGER_KEEPALIVE_MS: '200', LEDGER_KEEPALIVE_TIMEOUT_MS: '1000', LEDGER_LOCK_TIMEOUT_MS: '600000' },
  });
  const address = await server.listening();
  proxy = await startSilentProxy(address);
  direct = new LedgerClient({ address, timeoutMs: AN_HOUR_MS });
  await direct.credit({ ...gold, requestId: 'first' });
});
afterAll(async () => {
  direct.close();
  await proxy.close();
  await server.dispose();
  await database.drop();
});

it('keeps no socket of clients that vanished behind a proxy which closes nothing', async () => {
  const before = descriptors();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => openSession(proxy.address)));
  expect(descriptors()).toBeGreaterThanOrEqual(before + CLIENTS);
  proxy.dropPackets();
  await waitUntil('their sockets are gone', () => descriptors() <= before);
  expect((await direct.getBalance(gold)).balance.balance).toBe(1n);
  for (const client of clients) client.destroy();
});

it('books the write of a vanished client that it had begun, and none that never came', async () => {
  const before = descriptors();
  const client = new RawClient(proxy.address);
  const send = (requestId: string): void => {
    void client.send(rawCalls.credit({ ...gold, requestId }));
  };
  const lock = await lockAccount(database, gold.userId, gold.asset);
  send('begun');
  await lock.untilBlocked();
  proxy.dropPackets();
  send('lost');
  await waitUntil('its socket is gone', () => descriptors() <= before);
  await lock.release();

  expect(await direct.credit({ ...gold, requestId: 'begun' })).toMatchObject({ replayed: true });
  expect(await direct.credit({ ...gold, requestId: 'lost' })).toMatchObject({ replayed: false });
  expect((await direct.getBalance(gold)).balance).toMatchObject({ balance: 3n, sequence: 3n });
  expect(await checkLedger(database)).toEqual([]);
  client.close();
});

/** A connection of HTTP/2 that both ends have begun. */
async function openSession(address: string): Promise<ClientHttp2Session> {
  const session = connect(`http://${address}`);
  session.on('error', () => undefined);
  await once(session, 'remoteSettings');
  return session;
}

/** How many descriptors the server has. */
function descriptors(): number {
  return readdirSync(`/proc/${server.pid}/fd`).length;
}
