import { LedgerClient } from '@ledger/client';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { LedgerProcess } from '../harness/ledger-process';
import { AN_HOUR_MS } from '../harness/limits';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';

const write = { userId: 'ada', asset: 'GOLD', amount: 1n };

/** Stopped by a debugger, by a machine that swaps, or moved while it ran: it is there, and does not go on. */
describe('a server that is frozen while its session holds locks', () => {
  let database: TestDatabase;
  let frozen: LedgerProcess;
  let healthy: TestServer;
  let client: LedgerClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    healthy = await startTestServer(database.url);
    frozen = new LedgerProcess({
      DATABASE_URL: database.url,
      // It is to wait for a lock when it is stopped, and to hold it then.
      LEDGER_LOCK_TIMEOUT_MS: '600000',
      LEDGER_IDLE_BATCH_TIMEOUT_MS: '1000',
    });
    client = new LedgerClient({ address: await frozen.listening(), timeoutMs: AN_HOUR_MS });
    await client.credit({ ...write, requestId: 'first' });
  });
  afterAll(async () => {
    client.close();
    await frozen.dispose();
    await healthy.stop();
    await database.drop();
  });

  it('is ended by the database, and when it goes on its writes are booked once', async () => {
    const lock = await lockAccount(database, write.userId, write.asset);
    const interrupted = client.credit({ ...write, requestId: 'interrupted' });
    await lock.untilBlocked();
    frozen.kill('SIGSTOP');
    await lock.release();

    // The row is the frozen server's by now, and would be for ever.
    expect(await healthy.client.credit({ ...write, requestId: 'meanwhile' })).toMatchObject({
      replayed: false,
      balance: { balance: 2n, sequence: 2n },
    });

    frozen.kill('SIGCONT');
    expect(await interrupted).toMatchObject({ balance: { balance: 3n, sequence: 3n } });
    expect(await healthy.client.credit({ ...write, requestId: 'interrupted' })).toMatchObject({
      replayed: true,
      balance: { sequence: 3n },
    });
    expect(await client.credit({ ...write, requestId: 'after' })).toMatchObject({
      balance: { sequence: 4n },
    });
    expect(await checkLedger(database)).toEqual([]);
  });
});
