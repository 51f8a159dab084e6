/** @paused: also run by `npm run test:paused`. */
import type { LedgerClient } from '@ledger/client';
import { Client } from 'pg';
import { expireWhile } from '../harness/expire-while';
import { AN_HOUR_MS } from '../harness/limits';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

/** The server's own limit: what ends sooner ended because of its caller. */
const READ_TIMEOUT_MS = 600_000;

const account = { userId: 'ada', asset: 'GOLD' };
const id = '019aa122-be7b-774b-8005-0a0b0c0d0e0f';
interface Options {
  readonly timeoutMs: number;
}

describe('a read whose caller waits no longer', () => {
  let database: TestDatabase;
  let server: TestServer;
  let blocker: Client;

  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startTestServer(database.url, { readTimeoutMs: READ_TIMEOUT_MS });
    await server.client.credit({ ...account, amount: 7n });
    // Every read of the ledger waits for these.
    blocker = new Client({ connectionString: database.url });
    await blocker.connect();
    await blocker.query(`BEGIN; LOCK TABLE ledger.accounts, ledger.entries, ledger.transactions, ledger.requests,
                                           ledger.holds, ledger.item_versions IN ACCESS EXCLUSIVE MODE`);
  });
  afterAll(async () => {
    await blocker.end();
    await server.stop();
    await database.drop();
  });

  it.each<[rpc: string, read: (client: LedgerClient, options: Options) => Promise<unknown>]>([
    ['GetBalance', (client, options) => client.getBalance(account, options)],
    [
      'GetBalance of the past',
      (client, options) =>
        client.getBalance({ ...account, asOf: { $case: 'asOfSequence', value: 1n } }, options),
    ],
    ['BatchGetBalances', (client, options) => client.batchGetBalances({ accounts: [account] }, options)],
    ['ListBalances', (client, options) => client.listBalances({ userId: 'ada' }, options)],
    ['ListEntries', (client, options) => client.listEntries(account, options)],
    ['GetTransaction', (client, options) => client.getTransaction({ transactionId: id }, options)],
    ['ListTransactions', (client, options) => client.listTransactions({ userId: 'ada' }, options)],
    ['GetRequest', (client, options) => client.getRequest({ userId: 'ada', requestId: 'r' }, options)],
    ['GetHold', (client, options) => client.getHold({ userId: 'ada', holdId: id }, options)],
    ['ListHolds', (client, options) => client.listHolds({ userId: 'ada' }, options)],
    ['GetAccount', (client, options) => client.getAccount(account, options)],
    ['ListAccounts', (client, options) => client.listAccounts({ userId: 'ada' }, options)],
    ['GetItem', (client, options) => client.getItem({ itemId: 'mug' }, options)],
    ['ListItems', (client, options) => client.listItems({}, options)],
    ['ListItemVersions', (client, options) => client.listItemVersions({ itemId: 'mug' }, options)],
  ])('%s is ended in the database too', async (_rpc, read) => {
    const expired = await expireWhile(
      async () => (await readsUnderWay()) === 1,
      (timeoutMs) => read(server.client, { timeoutMs }),
      nothingReads,
    );
    expect(expired).toMatchObject({ name: 'LedgerError' });
    await nothingReads();
  });

  it('does not end with the impatient one when a patient one asks at the same time', async () => {
    const patient = server.client.getBalance(account, { timeoutMs: AN_HOUR_MS });
    const expired = await expireWhile(
      // One statement when both came at once, else two.
      async () => (await readsUnderWay()) >= 1,
      (timeoutMs) => server.client.getBalance(account, { timeoutMs }),
    );
    expect(expired).toMatchObject({ name: 'LedgerError' });
    expect(await readsUnderWay()).toBeGreaterThanOrEqual(1);
    await blocker.query('ROLLBACK');
    expect((await patient).balance).toMatchObject({ balance: 7n });
  });

  function nothingReads(): Promise<void> {
    return waitUntil('nothing reads any more', async () => (await readsUnderWay()) === 0);
  }

  async function readsUnderWay(): Promise<number> {
    const [row] = await database.query<{ count: number }>(
      `SELECT count(*)::int FROM pg_stat_activity
        WHERE datname = current_database() AND application_name IN ('ledger-reader', 'ledger-balances') AND state = 'active'
          AND wait_event_type = 'Lock'`,
    );
    return row?.count ?? 0;
  }
});
