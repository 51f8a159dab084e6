import { Client, credentials, type Metadata } from '@grpc/grpc-js';
import { execFileSync } from 'node:child_process';
import type { LedgerClient, WatchEntriesResponse } from '@ledger/client';
import { Client as Pg } from 'pg';
import { migrate } from '../../services/ledger/src/store/migrate';
import { copyLedger } from '../harness/copied-ledger';
import { EmbeddedOwner } from '../harness/embedded-owner';
import { startLedger } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';
import { createTestDatabase, openDatabase } from '../harness/test-database';
import { TestDataDirectory } from '../harness/test-data-directory';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';
import { firstOf, watch } from '../harness/watching';

const account = { userId: 'ada', asset: 'GOLD' };
const directories: TestDataDirectory[] = [];

afterAll(() => Promise.all(directories.map((directory) => directory.remove())));

/** A ledger on a Postgres of its own. */
interface Life {
  readonly server: TestServer;
  readonly url: string;
  end(): Promise<void>;
}

async function begin(directory: TestDataDirectory): Promise<Life> {
  const owner = new EmbeddedOwner({ dataDir: directory.path });
  const { url } = await owner.ready();
  const server = await startTestServer(url, { watchHeartbeatMs: 20 });
  return {
    server,
    url,
    end: async () => {
      await server.stop();
      await owner.stop();
    },
  };
}

function newDirectory(): TestDataDirectory {
  const directory = new TestDataDirectory();
  directories.push(directory);
  return directory;
}

async function credits(client: LedgerClient, amounts: readonly bigint[]): Promise<void> {
  for (const amount of amounts) await client.credit({ ...account, amount });
}

const changesOf = (messages: readonly WatchEntriesResponse[]): (bigint | undefined)[] =>
  messages.map(({ entry }) => entry?.change);

/** The last of what a stream shows, and the token of a heartbeat behind that. */
async function tokensAfter(
  client: LedgerClient,
  count: number,
): Promise<{ entry: string; heartbeat: string }> {
  const stream = watch(client, { ...account, fromStart: true });
  await stream.untilEntries(count);
  const entry = stream.messages.filter((message) => message.entry !== undefined)[count - 1]!.resumeToken;
  await stream.untilHeartbeats(2);
  await stream.stop();
  return { entry, heartbeat: stream.messages.at(-1)!.resumeToken };
}

describe('a past that was cut off', () => {
  let before: { entry: string; heartbeat: string };
  let lost: { entry: string; heartbeat: string };
  let lostPosition = '';
  let now: Life;

  beforeAll(async () => {
    const [main, standby] = [newDirectory(), newDirectory()];
    const first = await begin(main);
    await credits(first.server.client, [1n, 2n, 3n]);
    before = await tokensAfter(first.server.client, 3);
    await first.end();
    // What a standby had received when it stopped to receive anything.
    execFileSync('cp', ['-a', `${main.path}/.`, standby.path]);

    const second = await begin(main);
    await credits(second.server.client, [10n, 20n, 30n]);
    lost = await tokensAfter(second.server.client, 6);
    lostPosition = await positionOf(second.server.address, 'lost');
    await second.end();

    now = await begin(standby);
    await credits(now.server.client, [100n, 200n, 300n, 400n, 500n]);
  });
  afterAll(() => now.end());

  it.each(['entry', 'heartbeat'] as const)('is no matter to a token (of a %s) from before', async (kind) => {
    const found = await firstOf(now.server.client, { ...account, resumeToken: before[kind] }, 5);
    expect(changesOf(found)).toEqual([100n, 200n, 300n, 400n, 500n]);
  });

  it.each(['entry', 'heartbeat'] as const)(
    'is told to a token (of a %s) that comes from it',
    async (kind) => {
      const request = { ...account, resumeToken: lost[kind] };
      const error: unknown = await firstOf(now.server.client, request, 1).then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ codeName: 'ABORTED', reason: 'HISTORY_DIVERGED' });
      const { metadata } = error as { metadata: Record<string, string> };
      // What was answered behind it is gone, or was booked again.
      expect(orderOf(metadata['last_common_position']!)).toBeLessThan(orderOf(metadata['position']!));
      expect(orderOf(metadata['last_common_position']!)).toBeLessThan(orderOf(lostPosition));

      const resumeToken = metadata['resume_token']!;
      const found = await firstOf(now.server.client, { ...account, resumeToken }, 5);
      expect(changesOf(found)).toEqual([100n, 200n, 300n, 400n, 500n]);
    },
  );

  it('shows in a hash where the numbers agree', async () => {
    const { entry } = await tokensAfter(now.server.client, 8);
    const database = openDatabase(now.url);
    const [last] = await database.query<{ sequence: string }>(
      `SELECT max(sequence)::text AS sequence FROM ledger.entries WHERE user_id = 'ada'`,
    );
    await database.query(
      `BEGIN; ALTER TABLE ledger.entries DISABLE TRIGGER ALL;
       UPDATE ledger.entries SET hash = sha256(hash) WHERE user_id = 'ada' AND sequence = ${last!.sequence};
       ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER entries_refuse_rewriting; COMMIT`,
    );
    await expect(firstOf(now.server.client, { ...account, resumeToken: entry }, 1)).rejects.toMatchObject({
      reason: 'HISTORY_DIVERGED',
    });
  });
});

it('a dump that is restored into a cluster with lower xids is gone on with, by the same tokens', async () => {
  const source = await startLedger(1, { watchHeartbeatMs: 20 });
  await credits(source.client(), [1n, 2n, 3n]);
  const tokens = await tokensAfter(source.client(), 3);
  const position = await positionOf(source.servers[0]!.address, 'before');

  const directory = newDirectory();
  const owner = new EmbeddedOwner({ dataDir: directory.path });
  const { url } = await owner.ready();
  await migrate({ url, migrationUrl: url });
  await copyLedger(source.database, url);
  const [ids] = await openDatabase(url).query<{ lower: boolean }>(
    `SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint < max(commit_order) AS lower FROM ledger.transactions`,
  );
  expect(ids).toEqual({ lower: true });

  const server = await startTestServer(url, { watchHeartbeatMs: 20 });
  await credits(server.client, [4n, 5n]);
  for (const resumeToken of [tokens.entry, tokens.heartbeat]) {
    const found = await firstOf(server.client, { ...account, resumeToken }, 2);
    expect(changesOf(found)).toEqual([4n, 5n]);
  }
  expect(orderOf(await positionOf(server.address, 'after'))).toBeGreaterThan(orderOf(position));
  await server.stop();
  await owner.stop();
  await source.dispose();
});

it('an incarnation that two servers begin at once is one', async () => {
  const database = await createTestDatabase();
  const other = new Pg({ connectionString: database.url });
  await other.connect();
  await other.query('BEGIN; LOCK TABLE ledger.incarnations IN EXCLUSIVE MODE');
  const starting = startTestServer(database.url).then(async (server) => {
    await server.client.credit({ ...account, amount: 1n });
    return server;
  });
  // It has found none, and waits to insert its own.
  await waitUntil('the server waits for the table', async () => {
    const waiting = await database.query(
      `SELECT FROM pg_locks WHERE relation = 'ledger.incarnations'::regclass AND NOT granted`,
    );
    return waiting.length > 0;
  });
  await other.query(
    `INSERT INTO ledger.incarnations (incarnation, system_identifier, timeline, postmaster_start_time, xid_offset, start_order)
     SELECT 1, system_identifier, 1, pg_postmaster_start_time(), 0, 0 FROM pg_control_system()`,
  );
  await other.query('COMMIT');
  const server = await starting;
  expect(await database.query('SELECT incarnation FROM ledger.incarnations')).toEqual([{ incarnation: 1 }]);
  await server.stop();
  await other.end();
  await database.drop();
});

describe('the position of a write', () => {
  it('comes with every answer: grows, also for a refusal, and is at least the first one for a repeat', async () => {
    const ledger = await startLedger(2);
    const positions: string[] = [];
    for (const [turn, requestId] of ['one', 'two', 'one', 'short'].entries()) {
      positions.push(await positionOf(ledger.servers[turn % 2]!.address, requestId));
    }
    expect(new Set(positions.map((text) => text.split('/')[0])).size).toBe(1);
    expect(positions[0]).toMatch(/^1-[0-9a-f]{8}\/[0-9]+$/);
    const orders = positions.map(orderOf);
    expect(orders).toEqual([...orders].sort((a, b) => Number(a - b)));
    const { balance } = await ledger.client().getBalance({ userId: 'position', asset: 'GOLD' });
    expect(balance.balance).toBe(2n);
    await ledger.dispose();
  });
});

/** Credits 1, or takes more than there is for the id `short`. */
function positionOf(address: string, requestId: string): Promise<string> {
  const client = new Client(address, credentials.createInsecure());
  const owner = { requestId, userId: 'position', asset: 'GOLD' };
  const { path, bytes } =
    requestId === 'short'
      ? rawCalls.transfer({ requestId, fromUserId: 'position', toUserId: 'bob', asset: 'GOLD', amount: 99n })
      : rawCalls.credit({ ...owner, amount: 1n });
  const same = (value: Buffer): Buffer => value;
  return new Promise<string>((resolve) => {
    const call = client.makeUnaryRequest(path, same, same, bytes, () => undefined);
    call.on('metadata', (metadata: Metadata) => {
      resolve(String(metadata.get('ledger-position')[0]));
    });
  }).finally(() => client.close());
}

function orderOf(position: string): bigint {
  return BigInt(position.split('/')[1] ?? '');
}
