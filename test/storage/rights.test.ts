import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrate } from '../../services/ledger/src/store/migrate';
import { serverRole } from '../../services/ledger/src/store/roles';
import {
  createEmptyDatabase,
  openDatabase,
  type OpenDatabase,
  type TestDatabase,
} from '../harness/test-database';
import { startTestServer } from '../harness/test-server';

/** Since 16 a role that may make roles has no rights of those it made, unless it takes them. */
const PLAIN_OWNER = 'LOGIN NOSUPERUSER';

let database: TestDatabase;
let cluster: OpenDatabase;
/** What is removed in the end; the runtime role is everybody's. */
let roles: string[];

beforeEach(async () => {
  database = await createEmptyDatabase();
  cluster = openDatabase(process.env['LEDGER_TEST_CLUSTER_URL']!);
  roles = [];
});
afterEach(async () => {
  await database.drop();
  for (const role of roles) await cluster.query(`DROP ROLE ${role}`);
});

describe('an owner that is no superuser', () => {
  it('serves by one login, as the runtime role, when it was made a member of it', async () => {
    const owner = await createLogin('owner', PLAIN_OWNER);
    await cluster.query(`ALTER DATABASE ${databaseName()} OWNER TO ${owner.name}`);
    await cluster.query(`GRANT ledger_runtime TO ${owner.name}`);
    await migrate({ url: owner.url, migrationUrl: owner.url });
    expect(await usersOfServer(owner.url)).toEqual(['ledger_runtime']);
  });

  it('is told what is missing when it is not, and nothing is left half done', async () => {
    const owner = await createLogin('owner', PLAIN_OWNER);
    await expect(migrate({ url: owner.url, migrationUrl: owner.url })).rejects.toMatchObject({
      name: 'RoleError',
      message: expect.stringContaining(`GRANT CREATE ON DATABASE ${databaseName()} TO ${owner.name}`),
    });
    await cluster.query(`ALTER DATABASE ${databaseName()} OWNER TO ${owner.name}`);
    await expect(migrate({ url: owner.url, migrationUrl: owner.url })).rejects.toMatchObject({
      name: 'RoleError',
      message: expect.stringMatching(new RegExp(`GRANT ledger_runtime TO ${owner.name}`)),
    });
    expect(await database.query(`SELECT FROM pg_namespace WHERE nspname = 'ledger'`)).toEqual([]);
  });

  it('makes a login of servers a member, when it may, and that login serves as itself', async () => {
    const owner = await createLogin('owner', `${PLAIN_OWNER} CREATEROLE`);
    const server = await createLogin('server', PLAIN_OWNER);
    await cluster.query(`ALTER DATABASE ${databaseName()} OWNER TO ${owner.name}`);
    await cluster.query(`GRANT ledger_runtime TO ${owner.name} WITH ADMIN OPTION`);
    await migrate({ url: server.url, migrationUrl: owner.url });
    expect(await usersOfServer(server.url)).toEqual([server.name]);
    // Nothing gives it more: there is no other role behind it.
    const client = new Client({ connectionString: server.url });
    await client.connect();
    for (const sql of [
      'RESET ROLE; DELETE FROM ledger.entries',
      'SET ROLE NONE; TRUNCATE ledger.entries',
      'ALTER TABLE ledger.entries DISABLE TRIGGER ALL',
      'SET session_replication_role = replica',
      `COPY ledger.entries TO PROGRAM 'cat'`,
    ]) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
    await client.end();
  });
});

describe('a server does not start', () => {
  it.each([
    [
      'a trigger is off',
      'ALTER TABLE ledger.entries DISABLE TRIGGER entries_refuse_rewriting',
      'entries_refuse',
    ],
    [
      'a trigger is on for ordinary sessions only',
      'ALTER TABLE ledger.requests ENABLE TRIGGER requests_refuse_truncate',
      'requests_refuse_truncate',
    ],
    ['an index is gone', 'DROP INDEX ledger.entries_time_index', 'entries_time_index'],
    ['the role may delete', 'GRANT DELETE ON ledger.entries TO ledger_runtime', 'may change what was booked'],
    ['the rights are gone', 'REVOKE ALL ON ledger.entries FROM ledger_runtime', 'has not the rights'],
  ])('when %s, and says so', async (_when, sql, said) => {
    await migrate({ url: database.url, migrationUrl: database.url });
    await database.query(sql);
    await expect(startTestServer(database.url)).rejects.toMatchObject({
      name: 'SchemaError',
      message: expect.stringContaining(said),
    });
  });
});

interface Login {
  readonly name: string;
  readonly url: string;
}

async function createLogin(kind: string, options: string): Promise<Login> {
  const name = `test_${kind}_${randomBytes(4).toString('hex')}`;
  await cluster.query(`CREATE ROLE ${name} ${options} PASSWORD 'secret'`);
  roles.unshift(name);
  const url = new URL(database.url);
  url.username = name;
  url.password = 'secret';
  return { name, url: url.href };
}

/** As whom a server's statements run, each connection being checked for it; it also books something. */
async function usersOfServer(url: string): Promise<string[]> {
  const server = await startTestServer(url);
  try {
    await server.client.credit({ userId: 'ada', asset: 'GOLD', amount: 1n });
    expect((await server.client.getBalance({ userId: 'ada', asset: 'GOLD' })).balance).toMatchObject({
      balance: 1n,
    });
    const { role } = await serverRole(url);
    return [role ?? new URL(url).username];
  } finally {
    await server.stop();
  }
}

function databaseName(): string {
  return new URL(database.url).pathname.slice(1);
}
