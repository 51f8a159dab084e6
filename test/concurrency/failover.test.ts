import { LedgerClient, LedgerError } from '@ledger/client';
import { checkHealth } from '../harness/health-client';
import { openDatabase, createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

const account = { userId: 'ada', asset: 'GOLD' };
const HEALTH = { healthIntervalMs: 20, healthWriteIntervalMs: 40 };

let database: TestDatabase;
let server: TestServer;
let client: LedgerClient;

beforeEach(async () => {
  database = await createTestDatabase();
  server = await startTestServer(database.url, HEALTH);
  client = new LedgerClient({ address: server.address, timeoutMs: 60_000, retry: { maxAttempts: 1 } });
  await client.credit({ ...account, amount: 1n });
});
afterEach(async () => {
  client.close();
  await server.stop();
  await database.drop();
});

it('books as soon as new connections lead to a server that takes writes, whatever it was connected to', async () => {
  // Sessions keep what they begin with: like those of a server that was primary, they stay read only for good.
  await setForNewSessions('default_transaction_read_only', 'on');
  await until('NOT_SERVING');
  const during = await Promise.all(Array.from({ length: 20 }, () => credit()));
  expect(new Set(during)).toEqual(new Set(['STORE_UNAVAILABLE']));
  expect((await client.getBalance(account)).balance).toMatchObject({ balance: 1n });

  await setForNewSessions('default_transaction_read_only', null, false);
  // No pause in the writes: none of the old connections has the time to be closed for want of use.
  const afterwards: string[] = [];
  await waitUntil('a write is booked', async () => {
    afterwards.push(await credit());
    return afterwards.at(-1) === 'booked';
  });
  // At most one batch for each connection that there was.
  expect(afterwards.length).toBeLessThanOrEqual(6);
  expect(await Promise.all(Array.from({ length: 20 }, () => credit()))).toEqual(Array(20).fill('booked'));
  await until('SERVING');
});

it('is NOT_SERVING while there is no room on the disk', async () => {
  await until('SERVING');
  // What the system says of a full disk, and this limit, are of one class; the limit harms nobody else.
  await setForNewSessions('temp_file_limit', '16kB');
  await until('NOT_SERVING');
  await setForNewSessions('temp_file_limit', null);
  await until('SERVING');
});

async function until(status: string): Promise<void> {
  await waitUntil(status, async () => (await checkHealth(server.address)) === status);
}

async function credit(): Promise<string> {
  try {
    await client.credit({ ...account, amount: 1n });
    return 'booked';
  } catch (error) {
    return error instanceof LedgerError ? (error.reason ?? error.codeName) : 'another error';
  }
}

/** Sets what sessions begin with, or sets it back, and ends those that are there, if they are to end. */
async function setForNewSessions(name: string, value: string | null, endOthers = true): Promise<void> {
  const { pathname } = new URL(database.url);
  const cluster = openDatabase(process.env['LEDGER_TEST_CLUSTER_URL']!);
  const change = value === null ? `RESET ${name}` : `SET ${name} = '${value}'`;
  await cluster.query(`ALTER DATABASE ${pathname.slice(1)} ${change}`);
  if (!endOthers) return;
  await cluster.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = $1 AND application_name LIKE 'ledger-%'`,
    [pathname.slice(1)],
  );
}
