import { LedgerClient } from '@ledger/client';
import { Client } from 'pg';
import { checkHealth } from '../harness/health-client';
import { startPostgresSwitch, type PostgresSwitch } from '../harness/postgres-switch';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

const account = { userId: 'ada', asset: 'GOLD' };
/** Ends a connection that does not answer. */
const ATTEMPT_MS = 3_000;
/** Many times that, so that whoever is still waiting then was waiting for the silent connection. */
const PATIENCE_MS = 60_000;
const HEALTH_INTERVAL_MS = 20;

let database: TestDatabase;
let between: PostgresSwitch;
let server: TestServer;
let client: LedgerClient;

beforeEach(async () => {
  database = await createTestDatabase();
  between = await startPostgresSwitch(database.url);
  server = await startTestServer(between.url, {
    ...{ readTimeoutMs: PATIENCE_MS, readAttemptMs: ATTEMPT_MS, healthIntervalMs: HEALTH_INTERVAL_MS },
    ...{ readConnections: 8, balanceConnections: 2 },
  });
  client = new LedgerClient({
    ...{ address: server.address, timeoutMs: PATIENCE_MS, retry: { maxAttempts: 1 } },
    // Reads of balances that travel together go by other connections than the one that falls silent.
    coalesce: false,
  });
  await client.credit({ ...account, amount: 7n });
});
afterEach(async () => {
  client.close();
  await server.stop();
  await between.close();
  await database.drop();
});

describe('a network that swallows what a connection sends', () => {
  it('holds up the reads of balances on that connection alone, and these are read on another', async () => {
    await balanceOfAda();
    expect(between.silence('ledger-balances')).toBeGreaterThan(0);
    const order: string[] = [];
    const first = client.getBalance(account).then(() => order.push('first'));
    await waitUntil('its statement is lost', () => between.swallowed > 0);
    for (let later = 0; later < 5; later += 1) {
      expect(await balanceOfAda()).toBe(7n);
      order.push('later');
    }
    await first;
    expect(order).toEqual(['later', 'later', 'later', 'later', 'later', 'first']);
  });

  it('ends the wait of a caller at its deadline, and of no other', async () => {
    await balanceOfAda();
    between.silence('ledger-balances');
    const patient = client.getBalance(account);
    const impatient = client.getBalance(account, { timeoutMs: ATTEMPT_MS / 2 });
    await expect(impatient).rejects.toMatchObject({ name: 'LedgerError', codeName: 'DEADLINE_EXCEEDED' });
    expect((await patient).balance).toMatchObject({ balance: 7n });
  });

  it('leaves no read without an answer, of whatever kind', async () => {
    await changesOfAda();
    expect(between.silence('ledger-reader')).toBeGreaterThan(0);
    expect(await changesOfAda()).toEqual([7n]);
  });

  it('is NOT_SERVING only until there is another connection for the question', async () => {
    await waitUntil('SERVING', async () => (await checkHealth(server.address)) === 'SERVING');
    expect(between.silence('ledger-health')).toBe(1);
    await waitUntil('a new connection', () => between.count('ledger-health') === 1 && isHealthy());
    await waitUntil('SERVING', async () => (await checkHealth(server.address)) === 'SERVING');
  });
});

describe('a table that somebody has locked', () => {
  it('holds up the reads that need it, and neither balances, nor other reads, nor health', async () => {
    await client.putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 3n, active: true });
    const blocker = new Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE ledger.entries IN ACCESS EXCLUSIVE MODE');
    const pages = Array.from({ length: 40 }, () => changesOfAda());
    await waitUntil('they wait for the lock', async () => (await lockedReads()) > 1);

    expect(await balanceOfAda()).toBe(7n);
    expect((await client.listBalances({ userId: 'ada' })).balances).toMatchObject([{ balance: 7n }]);
    expect((await client.getItem({ itemId: 'mug' })).item).toMatchObject({ price: 3n });
    expect(await checkHealth(server.address)).toBe('SERVING');
    expect(await lockedReads()).toBeGreaterThan(1);

    await blocker.end();
    for (const changes of await Promise.all(pages)) expect(changes).toEqual([7n]);
  });
});

async function balanceOfAda(): Promise<bigint> {
  return (await client.getBalance(account)).balance.balance;
}

async function changesOfAda(): Promise<bigint[]> {
  const changes: bigint[] = [];
  for await (const { change } of client.listEntries(account)) changes.push(change);
  return changes;
}

async function isHealthy(): Promise<boolean> {
  return (await checkHealth(server.address)) === 'SERVING';
}

async function lockedReads(): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'ledger-reader' AND wait_event_type = 'Lock'`,
  );
  return row?.count ?? 0;
}
