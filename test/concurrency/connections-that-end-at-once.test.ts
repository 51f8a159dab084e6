import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from '../harness/limits';
import { checkLedger } from '../harness/check-ledger';
import { startPostgresProxy, type PostgresProxy } from '../harness/postgres-proxy';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';

describe('a server whose Postgres ends connections as soon as they are open', () => {
  let database: TestDatabase;
  let proxy: PostgresProxy;
  let server: TestServer;

  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await startPostgresProxy(database.url);
    server = await startTestServer(proxy.url);
  });
  afterAll(async () => {
    await server.stop();
    await proxy.close();
    await database.drop();
  });

  it('lives on, says that the database is away, and works again when it is back', async () => {
    const client = new LedgerClient({
      address: server.address,
      timeoutMs: AN_HOUR_MS,
      retry: { maxAttempts: 1_000 },
    });
    const impatient = new LedgerClient({
      address: server.address,
      timeoutMs: AN_HOUR_MS,
      retry: { maxAttempts: 1 },
    });
    const write = { requestId: 'once', userId: 'ada', asset: 'GOLD', amount: 5n };
    try {
      proxy.endsAtOnce = true;
      proxy.cut();
      const patient = client.credit(write);
      for (let n = 0; n < 5; n += 1) {
        await expect(impatient.credit({ ...write, requestId: `away-${n}` })).rejects.toMatchObject({
          reason: 'STORE_UNAVAILABLE',
        });
        await expect(impatient.getBalance({ userId: 'ada', asset: 'GOLD' })).rejects.toMatchObject({
          reason: 'STORE_UNAVAILABLE',
        });
      }
      expect(proxy.ended).toBeGreaterThan(5);

      proxy.endsAtOnce = false;
      expect(await patient).toMatchObject({ balance: { balance: 5n, sequence: 1n } });
      const { balance } = await client.getBalance({ userId: 'ada', asset: 'GOLD' });
      expect(balance).toMatchObject({ balance: 5n, sequence: 1n });
      expect(await checkLedger(database)).toEqual([]);
    } finally {
      client.close();
      impatient.close();
    }
  });
});
