import { randomBytes } from 'node:crypto';
import { migrations } from '../../services/ledger/src/store/migrations';
import { checkLedger } from '../harness/check-ledger';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { untilAlone } from '../harness/until-alone';

describe('a database that servers are started on', () => {
  let database: TestDatabase;
  let servers: TestServer[];

  beforeEach(() => {
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  it('is migrated once by several that start on it at the same time while it is empty', async () => {
    database = await createEmptyDatabase();
    servers = await Promise.all(Array.from({ length: 3 }, () => startTestServer(database.url)));

    const rows = await database.query<{ name: string }>('SELECT name FROM ledger.migrations ORDER BY id');
    expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
    await Promise.all(
      servers.map(({ client }) => client.credit({ userId: 'ada', asset: 'GOLD', amount: 1n })),
    );
    const { balance } = await servers[0]!.client.getBalance({ userId: 'ada', asset: 'GOLD' });
    expect(balance).toMatchObject({ balance: 3n, sequence: 3n });
    expect(await checkLedger(database)).toEqual([]);
  });

  it('gives all of them one secret for page tokens', async () => {
    database = await createEmptyDatabase();
    servers = await Promise.all([startTestServer(database.url), startTestServer(database.url)]);
    const [one, two] = servers.map(({ client }) => client);
    for (let n = 0; n < 4; n += 1) await one!.credit({ userId: 'ada', asset: 'GOLD', amount: 1n });

    const filter = { userId: 'ada', asset: 'GOLD', pageSize: 2 };
    const { nextPageToken, entries } = await one!.listEntries(filter);
    expect(entries.map(({ sequence }) => sequence)).toEqual([4n, 3n]);
    const rest = await two!.listEntries({ ...filter, pageToken: nextPageToken });
    expect(rest.entries.map(({ sequence }) => sequence)).toEqual([2n, 1n]);
  });

  it('is refused when its schema is newer than the server', async () => {
    database = await createTestDatabase();
    await database.query(
      `INSERT INTO ledger.migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')`,
    );
    await expect(startTestServer(database.url)).rejects.toMatchObject({
      name: 'SchemaError',
      message:
        "the database's schema is newer than this server (it has FromTheFuture9999999999999): run a newer server",
    });
    await untilAlone(database);
  });

  it('is refused, with what to do, when it has lost the row of a migration', async () => {
    database = await createTestDatabase();
    await database.query('DELETE FROM ledger.migrations');
    await expect(startTestServer(database.url)).rejects.toMatchObject({
      name: 'SchemaError',
      message: expect.stringMatching(
        /is there already \(.*accounts.*\), but ledger\.migrations does not have its row: restore/,
      ),
    });
    await untilAlone(database);
  });

  describe('by a user who does not own it', () => {
    const user = `clerk_${randomBytes(4).toString('hex')}`;
    let url: string;

    const startAs = async (databaseUrl: string, migrationDatabaseUrl: string | null) => {
      const server = await startTestServer(databaseUrl, { migrationDatabaseUrl });
      servers.push(server);
      return server;
    };

    beforeEach(async () => {
      database = await createEmptyDatabase();
      await database.query(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'`);
      const target = new URL(database.url);
      target.username = user;
      target.password = 'secret';
      url = target.href;
    });
    afterEach(async () => {
      await Promise.all(servers.map((server) => server.stop()));
      servers = [];
      await database.query(`DROP ROLE ${user}`);
    });

    it('is migrated by the owner and served by that user', async () => {
      const { client } = await startAs(url, database.url);
      expect(await client.credit({ userId: 'ada', asset: 'GOLD', amount: 5n })).toMatchObject({
        balance: { balance: 5n },
      });
      const subject = { $case: 'price', value: { asset: 'GOLD', amount: 6n } } as const;
      await expect(client.purchase({ userId: 'ada', subject })).rejects.toMatchObject({
        reason: 'INSUFFICIENT_FUNDS',
      });
      await client.putItem({ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 1n });
      expect((await client.getBalance({ userId: 'ada', asset: 'GOLD' })).balance.balance).toBe(5n);
      const [owner] = await database.query<{ tableowner: string }>(
        `SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'ledger'`,
      );
      expect(owner?.tableowner).not.toBe(user);
    });

    it('is served without the owner once it is migrated', async () => {
      await startAs(url, database.url);
      const { client } = await startAs(url, null);
      expect(await client.credit({ userId: 'ada', asset: 'GOLD', amount: 5n })).toMatchObject({
        balance: { balance: 5n },
      });
    });

    it('is served by that user also when another user was there before', async () => {
      await startAs(database.url, null);
      const { client } = await startAs(url, database.url);
      expect(await client.credit({ userId: 'ada', asset: 'GOLD', amount: 5n })).toMatchObject({
        balance: { balance: 5n },
      });
    });
  });
});
