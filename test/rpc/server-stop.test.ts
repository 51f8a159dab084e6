/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import { LedgerClient } from '@ledger/client';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { AN_HOUR_MS } from '../harness/limits';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { untilAlone } from '../harness/until-alone';

describe('a server that is stopped', () => {
  let database: TestDatabase;
  let server: TestServer;
  let other: TestServer;
  let client: LedgerClient;

  beforeEach(async () => {
    database = await createTestDatabase();
    server = await startTestServer(database.url, { batchMax: 7 });
    other = await startTestServer(database.url);
    const { address } = server;
    client = new LedgerClient({ address, coalesce: false, timeoutMs: AN_HOUR_MS, retry: { maxAttempts: 1 } });
    await client.credit({ userId: 'locked', asset: 'GOLD', amount: 1n });
  });
  afterEach(async () => {
    client.close();
    await other.stop();
    expect(await checkLedger(database)).toEqual([]);
    await database.drop();
  });

  it('books and answers every write that it accepted, then takes no more', async () => {
    const lock = await lockAccount(database, 'locked', 'GOLD');
    const accepted = [client.credit({ userId: 'locked', asset: 'GOLD', amount: 1n })];
    await lock.untilBlocked();
    for (let n = 0; n < 40; n += 1) {
      accepted.push(
        client.credit({ requestId: `accepted-${n}`, userId: `user-${n}`, asset: 'GOLD', amount: 1n }),
      );
    }
    // Its answer shows that what was sent before it has come to the server.
    await client.getBalance({ userId: 'locked', asset: 'GOLD' });

    const stopped = server.stop();
    await lock.release();

    const answers = await Promise.all(accepted);
    expect(answers.map(({ replayed }) => replayed)).toEqual(answers.map(() => false));
    await stopped;
    const late = client.credit({ userId: 'late', asset: 'GOLD', amount: 1n });
    await expect(late).rejects.toMatchObject({ code: status.UNAVAILABLE });
    for (let n = 0; n < 40; n += 1) {
      const userId = `user-${n}`;
      const again = { requestId: `accepted-${n}`, userId, asset: 'GOLD', amount: 1n };
      expect(await other.client.credit(again)).toMatchObject({ replayed: true, balance: { balance: 1n } });
    }
  });

  it('books what it accepted although its callers are gone', async () => {
    const lock = await lockAccount(database, 'locked', 'GOLD');
    const abort = new AbortController();
    const gone = client.credit(
      { requestId: 'gone', userId: 'locked', asset: 'GOLD', amount: 1n },
      { signal: abort.signal },
    );
    const refused = expect(gone).rejects.toMatchObject({ code: status.CANCELLED, outcomeUnknown: true });
    await lock.untilBlocked();
    abort.abort();
    await refused;

    const stopped = server.stop();
    await lock.release();
    await stopped;

    const again = { requestId: 'gone', userId: 'locked', asset: 'GOLD', amount: 1n };
    expect(await other.client.credit(again)).toMatchObject({ replayed: true, balance: { balance: 2n } });
  });

  it('gives the database back', async () => {
    await server.stop();
    await other.stop();
    await expect(untilAlone(database)).resolves.toBeUndefined();
    other = await startTestServer(database.url);
  });

  it('can be replaced at once on the same database while callers go on', async () => {
    const written = [];
    for (let n = 0; n < 30; n += 1) {
      written.push(other.client.credit({ userId: 'goes-on', asset: 'GOLD', amount: 1n }));
      if (n === 10) written.push(server.stop());
    }
    const next = await startTestServer(database.url);
    await Promise.all(written);
    const { balance } = await next.client.getBalance({ userId: 'goes-on', asset: 'GOLD' });
    await next.stop();
    expect(balance).toMatchObject({ balance: 30n, sequence: 30n });
  });
});
