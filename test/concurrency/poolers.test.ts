import { startPooler, type PoolMode, type Pooler } from '../harness/pooler';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer } from '../harness/test-server';

let database: TestDatabase;
let pooler: Pooler | undefined;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await pooler?.close();
  await database.drop();
});

it('works through a pooler in session mode that refuses options, with all its settings', async () => {
  const server = await startTestServer(await through('session'), { batchTimeoutMs: 7_000 });
  await server.client.credit({ userId: 'ada', asset: 'GOLD', amount: 7n });
  expect((await server.client.getBalance({ userId: 'ada', asset: 'GOLD' })).balance).toMatchObject({
    balance: 7n,
  });
  await server.stop();
});

it('does not start behind a pooler in transaction mode, and names the mode that it needs', async () => {
  await expect(startTestServer(await through('transaction'))).rejects.toMatchObject({
    name: 'SessionError',
    message: expect.stringContaining('pool_mode = session'),
  });
});

async function through(mode: PoolMode): Promise<string> {
  pooler = await startPooler(database.url, mode);
  return pooler.url;
}
