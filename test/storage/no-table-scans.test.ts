import { SortOrder } from '@ledger/client';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer } from '../harness/test-server';
import { untilAlone } from '../harness/until-alone';

const TABLES = ['accounts', 'entries', 'requests', 'item_versions'];

describe('a server at work', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('reads tables by their indexes only, as Postgres itself counts', async () => {
    const server = await startTestServer(database.url);
    const { client } = server;
    const item = { itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 3n, active: true };
    for (let round = 0; round < 3; round += 1) {
      await client.putItem(item);
      const users = Array.from({ length: 50 }, (_, n) => `user-${n}`);
      await Promise.all(
        users.map((userId) =>
          client.credit({ requestId: `credit-${round % 2}`, userId, asset: 'GOLD', amount: 9n }),
        ),
      );
      const subject = { $case: 'item', value: { itemId: 'mug', quantity: 1n, priceVersion: 1n } } as const;
      const bought = await Promise.all(users.map((userId) => client.purchase({ userId, subject })));
      await Promise.all(users.map((userId) => client.getBalance({ userId, asset: 'GOLD' })));
      for (const userId of ['user-1', '@revenue']) {
        for (const order of [SortOrder.NEWEST_FIRST, SortOrder.OLDEST_FIRST]) {
          for await (const entry of client.listEntries({ userId, asset: 'GOLD', order, pageSize: 20 })) {
            expect(entry.userId).toBe(userId);
          }
        }
      }
      await client.getTransaction({ transactionId: bought[0]!.transaction.transactionId });
      await client.getItem({ itemId: 'mug' });
      expect((await client.listItems({})).items).toHaveLength(1);
    }
    await server.stop();
    // A backend counts what it did before it goes.
    await untilAlone(database);

    const counts = await database.query<{ relname: string; sequential: number; indexed: number }>(
      `SELECT relname::text, seq_scan::int AS sequential, idx_scan::int AS indexed
         FROM pg_stat_user_tables WHERE schemaname = 'ledger' AND relname = ANY ($1) ORDER BY relname`,
      [TABLES],
    );
    expect(counts.map(({ relname, sequential }) => ({ relname, sequential }))).toEqual(
      [...TABLES].sort().map((relname) => ({ relname, sequential: 0 })),
    );
    for (const { indexed } of counts) expect(indexed).toBeGreaterThan(0);
  });
});
