import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Entry, SortOrder } from '@ledger/client';
import { databaseTimeIn, later, microsOf, untilPassed, type Moment } from '../harness/database-clock';
import { moveClock, type MovedClock } from '../harness/moved-clock';
import { rawCalls } from '../harness/raw-calls';
import { RawClient } from '../harness/raw-client';
import { refusalOf, type Refusal } from '../harness/refusal';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { verify } from '../harness/verification';

const A_DAY_MS = 86_400_000;
const DAYS_AHEAD = 30;

let database: TestDatabase;
let clock: MovedClock;
let server: TestServer;
let raw: RawClient;

beforeAll(async () => {
  database = await createTestDatabase();
  clock = await moveClock(database);
  // One stripe: what one batch leaves on a system account is there for the next one.
  server = await startTestServer(database.url, { stripes: 1, batchWorkers: 1 });
  raw = new RawClient(server.address);
  await credit('early');
  await clock.setAhead(DAYS_AHEAD * A_DAY_MS);
  await credit('jumped');
  await clock.setAhead(0);
});
afterAll(async () => {
  raw.close();
  await server.stop();
  await database.drop();
});

async function credit(userId: string): Promise<Moment> {
  const { transaction } = await server.client.credit({ userId, asset: 'GOLD', amount: 1n });
  return transaction.createTime!;
}

async function refused(requestId: string, userId: string): Promise<Refusal> {
  return refusalOf(await raw.send(rawCalls.credit({ requestId, userId, asset: 'GOLD', amount: 1n })));
}

it('a clock that was ahead for one write dates nobody else', async () => {
  const time = await credit('fresh');
  expect(microsOf(time)).toBeLessThan(microsOf(await databaseTimeIn(database, A_DAY_MS)));
});

it('a write that would be dated in the future is refused, and not kept', async () => {
  const refusal = await refused('again', 'jumped');
  expect(refusal).toMatchObject({
    ...{ code: 'UNAVAILABLE', reason: 'CLOCK_BEHIND', details: ['ErrorInfo', 'RetryInfo'] },
    metadata: { user_id: 'jumped', asset: 'GOLD' },
  });
  const behindMs = Number(refusal.metadata['behind_ms']);
  expect(behindMs).toBeGreaterThan((DAYS_AHEAD - 1) * A_DAY_MS);
  expect(await database.query(`SELECT FROM ledger.requests WHERE request_id = 'again'`)).toEqual([]);
  // Loudly.
  expect(server.faults).toMatchObject([{ error: { name: 'ClockBehind' } }]);

  const writes = ['fresh', 'jumped'].map((userId) => ({
    write: {
      $case: 'credit' as const,
      value: { requestId: `part-${userId}`, userId, asset: 'GOLD', amount: 1n },
    },
  }));
  const atomic = rawCalls.batchWrite({ requestId: 'all-or-none', atomic: true, writes });
  expect(refusalOf(await raw.send(atomic))).toMatchObject({ reason: 'CLOCK_BEHIND' });
  expect(await database.query(`SELECT FROM ledger.requests WHERE request_id = 'all-or-none'`)).toEqual([]);
  expect(await database.query(`SELECT FROM ledger.requests WHERE request_id LIKE 'part-%'`)).toEqual([]);
});

it('a clock that is set back by less than a second raises the user alone', async () => {
  await clock.setAhead(900);
  const first = await credit('raised');
  await clock.setAhead(0);
  const bystander = await credit('bystander');
  const second = await credit('raised');
  expect(microsOf(second)).toBeGreaterThanOrEqual(microsOf(first));
  expect(microsOf(bystander)).toBeLessThan(microsOf(first));
  await untilPassed(database, second);
});

it('reads of the past stay exact for a system account whose times run backwards', async () => {
  const entries = await all({});
  const times = entries.map(({ createTime }) => microsOf(createTime!));
  expect(times).not.toEqual([...times].sort((a, b) => Number(a - b)));
  const settled = times.filter((time) => time < BigInt(Date.now()) * 1_000n);
  expect(settled.length).toBeGreaterThan(3);
  for (const time of settled) {
    const instant = { seconds: time / 1_000_000n, nanos: Number(time % 1_000_000n) * 1_000 };
    const had = entries.filter(({ createTime }) => microsOf(createTime!) <= time);
    const asOf = { $case: 'asOfTime' as const, value: instant };
    const { balance } = await server.client.getBalance({ userId: '@issuance', asset: 'GOLD', asOf });
    expect(balance).toMatchObject({ balance: sumOf(had), sequence: BigInt(had.length) });
  }
});

it.each([SortOrder.OLDEST_FIRST, SortOrder.NEWEST_FIRST])(
  'pages lose nothing there either, in order %s',
  async (order) => {
    const keys = (entries: Entry[]): bigint[] =>
      entries.map(({ sequence }) => sequence).sort((a, b) => Number(a - b));
    const whole = keys(await all({ order }));
    // The one of the future comes with its time, in a list that ends where the past is settled.
    expect(whole).toHaveLength(order === SortOrder.OLDEST_FIRST ? 5 : 6);
    expect(keys(await all({ order, pageSize: 1 }))).toEqual(whole);
    const endTime = await databaseTimeIn(database, 0);
    expect(keys(await all({ order, pageSize: 1, endTime }))).toHaveLength(5);
    const startTime = later(endTime, A_DAY_MS);
    expect(keys(await all({ order, pageSize: 1, startTime }))).toHaveLength(
      order === SortOrder.OLDEST_FIRST ? 0 : 1,
    );
  },
);

it('VerifyLedger reports what is dated in the future', async () => {
  const { report } = await verify(server.client);
  expect(report.violations).toMatchObject(
    ['@issuance', 'jumped'].map((userId) => ({
      ...{ rule: 2, userId },
      detail: expect.stringMatching(/^its time [0-9]+ µs is ahead of the database's clock/) as string,
    })),
  );
});

it('the documented repair lets the accounts go on, and reads of the past stay exact', async () => {
  const page = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8');
  const repair = /## A clock that was ahead[^]*?```sql\n([^]*?)```/.exec(page)?.[1] ?? '';
  await database.query(repair);
  expect(await refused('again', 'jumped')).toMatchObject({ code: 'OK' });

  const value = await databaseTimeIn(database, 0);
  const asOf = { $case: 'asOfTime' as const, value };
  const { balance } = await server.client.getBalance({ userId: 'jumped', asset: 'GOLD', asOf });
  expect(balance).toMatchObject({ balance: 1n, sequence: 1n });
  const now = await server.client.getBalance({ userId: 'jumped', asset: 'GOLD' });
  expect(now.balance).toMatchObject({ balance: 2n, sequence: 2n });
  const { report } = await verify(server.client);
  expect(report.violations).toHaveLength(2);
});

async function all(filter: {
  order?: SortOrder;
  pageSize?: number;
  startTime?: Moment;
  endTime?: Moment;
}): Promise<Entry[]> {
  const entries: Entry[] = [];
  const request = { userId: '@issuance', asset: 'GOLD', ...filter };
  for await (const entry of server.client.listEntries(request)) entries.push(entry);
  return entries;
}

function sumOf(entries: readonly Entry[]): bigint {
  return entries.reduce((sum, { change }) => sum + change, 0n);
}
