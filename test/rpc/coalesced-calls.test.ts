import { status } from '@grpc/grpc-js';
import { LedgerClient, LedgerError } from '@ledger/client';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { AN_HOUR_MS } from '../harness/limits';
import { startSilentProxy, type SilentProxy } from '../harness/silent-proxy';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

const asset = 'GOLD';
const WINDOW = 16;

type Options = ConstructorParameters<typeof LedgerClient>[0];

let database: TestDatabase;
let server: TestServer;
let proxy: SilentProxy;
let clients: LedgerClient[];
let users = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  // What waits for a held account does not hold up other writes.
  server = await startTestServer(database.url, {
    ...{ streamWindow: WINDOW, lockTimeoutMs: 100, lockWaitMs: AN_HOUR_MS },
  });
  proxy = await startSilentProxy(server.address);
});
afterAll(async () => {
  await server.stop();
  await proxy.close();
  await database.drop();
});
beforeEach(() => {
  clients = [];
  users += 1;
  server.calls.length = 0;
});
afterEach(async () => {
  for (const client of clients) client.close();
  expect(await checkLedger(database)).toEqual([]);
});

function connect(options: Options = {}): LedgerClient {
  const client = new LedgerClient({ address: proxy.address, timeoutMs: AN_HOUR_MS, ...options });
  clients.push(client);
  return client;
}

function user(n: number): string {
  return `u${users}-${n}`;
}

/** Ends the client and tells which rpcs the server got from it, each with how often. */
async function rpcsOf(client: LedgerClient, calls: number): Promise<Record<string, number>> {
  client.close();
  await waitUntil('the calls are logged', () => server.calls.length >= calls);
  const counts: Record<string, number> = {};
  for (const { method } of server.calls) {
    const name = method.slice(method.indexOf('/') + 1);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

it('sends concurrent writes over one stream, and gives each caller what is its own', async () => {
  const client = connect();
  const results = await Promise.allSettled(
    Array.from({ length: 200 }, (_, n) =>
      n % 4 === 3
        ? client.purchase({
            ...{ userId: user(n), requestId: `r${n}` },
            subject: { $case: 'price', value: { asset, amount: BigInt(n) } },
          })
        : client.credit({ userId: user(n), asset, amount: BigInt(n + 1) }),
    ),
  );
  for (const [n, result] of results.entries()) {
    if (n % 4 === 3) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: {
          ...{ name: 'LedgerError', code: status.FAILED_PRECONDITION, reason: 'INSUFFICIENT_FUNDS' },
          ...{ method: 'purchase', requestId: `r${n}`, attempts: 1, outcomeUnknown: false, replayed: false },
          metadata: { user_id: user(n), required: n.toString() },
        },
      });
    } else {
      const balance = { userId: user(n), balance: BigInt(n + 1) };
      expect(result).toMatchObject({ status: 'fulfilled', value: { replayed: false, balance } });
      expect(result).toHaveProperty('value.position', expect.stringMatching(/^\d+-[0-9a-f]+\/\d+$/));
    }
  }
  // Items that failed have a line of their own.
  expect(await rpcsOf(client, 51)).toEqual({ Purchase: 50, WriteStream: 1 });
});

it('gives writes over a stream the answers that they have alone', async () => {
  const [together, apart] = [connect(), connect({ coalesce: false })];
  const credits = Array.from({ length: 40 }, (_, n) => ({
    ...{ userId: user(n), requestId: `r${n}`, asset, amount: 3n },
  }));
  const first = await Promise.all(credits.map((credit) => together.credit(credit)));
  const again = await Promise.all(credits.map((credit) => apart.credit(credit)));
  expect(again.map(({ transaction, balance }) => ({ transaction, balance }))).toEqual(
    first.map(({ transaction, balance }) => ({ transaction, balance })),
  );
  expect(again.every(({ replayed }) => replayed)).toBe(true);
});

it('sends a lone write by itself, and every one when it is told so or has metadata of its own', async () => {
  const lone = connect();
  for (let n = 0; n < 5; n += 1) await lone.credit({ userId: user(0), asset, amount: 1n });
  expect(await rpcsOf(lone, 5)).toEqual({ Credit: 5 });
  server.calls.length = 0;

  const writes = (client: LedgerClient, metadata?: Record<string, string>): Promise<unknown> =>
    Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        client.credit({ userId: user(n), asset, amount: 1n }, metadata && { metadata }),
      ),
    );
  const apart = connect({ coalesce: false });
  await writes(apart);
  const traced = connect({ metadata: ({ method }) => ({ trace: method }) });
  await writes(traced);
  const own = connect();
  await writes(own, { trace: 'own' });
  expect(await rpcsOf(own, 60)).toEqual({ Credit: 60 });
});

it('ends its stream when nothing is written any more, so that a program can end', async () => {
  const client = connect();
  await Promise.all([1, 2, 3].map((n) => client.credit({ userId: user(n), asset, amount: 1n })));
  await waitUntil('the stream has ended', () =>
    server.calls.some(({ method }) => method.endsWith('WriteStream')),
  );
  expect(server.calls).toMatchObject([{ code: 'OK' }]);
  expect(await client.credit({ userId: user(1), asset, amount: 1n })).toMatchObject({
    balance: { balance: 2n },
  });
});

it('reads balances that are asked for at the same time together, and a broken one fails alone', async () => {
  const client = connect();
  await Promise.all([1, 2, 3].map((n) => client.credit({ userId: user(n), asset, amount: BigInt(n) })));
  server.calls.length = 0;
  const read = await Promise.all([1, 2, 3, 4, 3].map((n) => client.getBalance({ userId: user(n), asset })));
  expect(read.map(({ balance }) => [balance.userId, balance.balance])).toEqual(
    [1n, 2n, 3n, 0n, 3n].map((n, index) => [user([1, 2, 3, 4, 3][index]!), n]),
  );
  expect(server.calls.map(({ method }) => method)).toContain('ledger.v1.LedgerService/BatchGetBalances');
  expect(server.calls.map(({ method }) => method)).not.toContain('ledger.v1.LedgerService/GetBalance');

  const mixed = await Promise.allSettled([
    client.getBalance({ userId: user(1), asset }),
    client.getBalance({ userId: user(1), asset: 'no asset' }),
    client.getBalance({ userId: user(2), asset, asOf: { $case: 'asOfSequence', value: 0n } }),
  ]);
  expect(mixed).toMatchObject([
    { value: { balance: { balance: 1n, held: 0n } } },
    { reason: { reason: 'INVALID_FIELD', metadata: { field: 'asset' } } },
    { value: { balance: { balance: 0n, held: undefined } } },
  ]);
});

describe('while what was sent waits', () => {
  it('a write in the queue of the client can be aborted, runs out of time, or is refused', async () => {
    const MAX_QUEUED = 20;
    const client = connect({ maxQueued: MAX_QUEUED });
    await client.credit({ userId: user(0), asset, amount: 1n });
    const lock = await lockAccount(database, user(0), asset);
    const write = (userId: string, n: number) => ({ userId, requestId: `waits-${n}`, asset, amount: 1n });
    const out = Array.from({ length: WINDOW }, (_, n) => client.credit(write(user(0), n)));
    await waitUntil('they have come to the server', () => lock.isBlocked());
    const abort = new AbortController();
    const aborted = client.credit(write(user(1), 90), { signal: abort.signal });
    const late = client.credit(write(user(1), 91), { timeoutMs: 300 });
    const waiting = Array.from({ length: MAX_QUEUED - 2 }, (_, n) => client.credit(write(user(1), n)));
    const refused = client.credit(write(user(1), 94));
    expect(await errorOf(refused)).toMatchObject({
      ...{ codeName: 'RESOURCE_EXHAUSTED', reason: 'OVERLOADED', metadata: { limit: '20' } },
      ...{ outcomeUnknown: false, retryable: true },
    });
    expect(await errorOf(late)).toMatchObject({ codeName: 'DEADLINE_EXCEEDED', outcomeUnknown: false });
    abort.abort();
    expect(await errorOf(aborted)).toMatchObject({ codeName: 'CANCELLED', outcomeUnknown: false });
    await lock.release();
    await Promise.all([...out, ...waiting]);
    const { balance } = await client.getBalance({ userId: user(1), asset });
    expect(balance).toMatchObject({ balance: 18n, sequence: 18n });
  });

  it('a lost stream loses no write: each is sent again, with its request id, and booked once', async () => {
    const attempts = new Map<string, number>();
    const client = connect({
      retry: { initialBackoffMs: 0 },
      hooks: { onResult: ({ requestId = '', attempts: count }) => attempts.set(requestId, count) },
    });
    await client.credit({ userId: user(0), asset, amount: 1n });
    const lock = await lockAccount(database, user(0), asset);
    const out = Array.from({ length: 10 }, (_, n) =>
      client.credit({ userId: user(0), requestId: `lost-${n}`, asset, amount: 1n }),
    );
    await waitUntil('they have come to the server', () => lock.isBlocked());
    proxy.cut();
    await lock.release();
    await Promise.all(out);
    for (let n = 0; n < 10; n += 1) expect(attempts.get(`lost-${n}`)).toBe(2);
    const { balance } = await client.getBalance({ userId: user(0), asset });
    expect(balance).toMatchObject({ balance: 11n, sequence: 11n });
  });
});

async function errorOf(call: Promise<unknown>): Promise<LedgerError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LedgerError)) throw new Error(`not a LedgerError: ${String(error)}`);
  return error;
}
