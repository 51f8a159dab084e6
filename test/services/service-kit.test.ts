/** @paused: also run by `npm run test:paused`. */
import { databaseSettings, serviceSettings } from '@ledger/kit/ledger/service-settings';
import { RawClient } from '../harness/raw-client';
import { lockAccount } from '../harness/account-lock';
import { expireWhile } from '../harness/expire-while';
import { checkHealth, watchHealth } from '../harness/health-client';
import { ReflectionClient } from '../harness/reflection-client';
import { refusalOf } from '../harness/refusal';
import { ServiceClient } from '../harness/service-client';
import { startService, type ServiceUnderTest } from '../harness/service-under-test';
import { openDatabase } from '../harness/test-database';
import { waitUntil } from '../harness/wait-until';
import type { CallRecord } from '@ledger/kit/rpc/call-log';
import type { RunningServer } from '@ledger/kit/server/server';
import { AddRouteRequest, PeepcoinsServiceService } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { startPeepcoins } from '../../services/peepcoins/src/server';

// What all services on the ledger have from their kit, shown by one of them.

const SERVICE = 'peepcoins.v1.PeepcoinsService';
const ADD_ROUTE = PeepcoinsServiceService.addRoute.path;
const QUICK_HEALTH = { TEST_HEALTH_INTERVAL_MS: '20' };

let system: ServiceUnderTest;
let service: RunningServer;
let client: ServiceClient<typeof PeepcoinsServiceService>;
let raw: RawClient;

beforeAll(async () => {
  system = await startService((environment, log) =>
    startPeepcoins({ ...serviceSettings(environment, ''), ...databaseSettings(environment) }, log),
  );
});
afterAll(() => system.dispose());
beforeEach(async () => {
  service = await system.startAnother(QUICK_HEALTH);
  client = new ServiceClient(service.address, PeepcoinsServiceService);
  raw = new RawClient(service.address);
});
afterEach(async () => {
  client.close();
  raw.close();
  await service.stop();
});

it.each(['v1', 'v1alpha'] as const)('describes itself by reflection %s', async (version) => {
  const reflection = new ReflectionClient(service.address, version);
  expect((await reflection.services()).sort()).toEqual(['grpc.health.v1.Health', SERVICE]);
  const described = await reflection.describe(SERVICE);
  expect(described.getService(SERVICE)?.methods.map(({ localName }) => localName)).toEqual(
    Object.keys(PeepcoinsServiceService),
  );
  reflection.close();
});

it('is healthy while its database and the ledger answer', async () => {
  for (const name of ['', SERVICE]) {
    await waitUntil('SERVING', async () => (await checkHealth(service.address, name)) === 'SERVING');
  }
  const name = new URL(system.database.url).pathname.slice(1);
  const cluster = openDatabase(process.env['LEDGER_TEST_CLUSTER_URL']!);
  const allow = (allowed: boolean): Promise<unknown> =>
    cluster.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${String(allowed)}`);
  await allow(false);
  try {
    await cluster.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    await waitUntil('NOT_SERVING', async () => (await checkHealth(service.address)) === 'NOT_SERVING');
    await expect(
      client.call.addRoute({ requestId: 'away', userId: 'ada', name: 'Away' }),
    ).rejects.toMatchObject({ code: 'UNAVAILABLE', reason: 'STORE_UNAVAILABLE', domain: 'peepcoins.v1' });
  } finally {
    await allow(true);
  }
  await waitUntil('SERVING', async () => (await checkHealth(service.address)) === 'SERVING');
  await client.call.addRoute({ requestId: 'away', userId: 'ada', name: 'Away' });

  const lonely = await system.startAnother({ ...QUICK_HEALTH, LEDGER_ADDRESS: '127.0.0.1:1' });
  expect(await checkHealth(lonely.address, SERVICE)).toBe('NOT_SERVING');
  await lonely.stop();
});

it('makes its database when it is absent, once, however many servers start', async () => {
  const url = new URL(system.database.url);
  url.pathname = `${url.pathname}_together`;
  const variables = { ...QUICK_HEALTH, TEST_DATABASE_URL: url.href };
  const servers = await Promise.all([1, 2, 3].map(() => system.startAnother(variables)));
  expect(await openDatabase(url.href).query('SELECT name FROM migrations')).toHaveLength(1);
  await Promise.all(servers.map((server) => server.stop()));
  // Without force: it has given all its connections back.
  const cluster = openDatabase(process.env['LEDGER_TEST_CLUSTER_URL']!);
  await waitUntil('nobody is connected', async () => {
    const name = url.pathname.slice(1);
    return (await cluster.query('SELECT FROM pg_stat_activity WHERE datname = $1', [name])).length === 0;
  });
  await cluster.query(`DROP DATABASE ${url.pathname.slice(1)}`);
});

it('gives what is no message a typed error', async () => {
  const answer = await raw.send({ path: ADD_ROUTE, bytes: Buffer.from('ffffff', 'hex') });
  expect(refusalOf(answer)).toMatchObject({
    ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'peepcoins.v1' },
    details: ['ErrorInfo', 'BadRequest'],
  });
});

it('keeps the cause of what nobody foresaw to its log', async () => {
  await system.database.query('ALTER TABLE routes RENAME TO hidden');
  await expect(
    client.call.addRoute({ requestId: 'unforeseen', userId: 'ada', name: 'Nowhere' }),
  ).rejects.toMatchObject({
    ...{ code: 'INTERNAL', reason: 'INTERNAL', message: 'internal error; the cause is in the log' },
  });
  expect(system.faults.at(-1)).toMatchObject({ code: '42P01' });
  await system.database.query('ALTER TABLE hidden RENAME TO routes');
});

it('logs a line per call, with its end and its request id', async () => {
  const before = system.calls.length;
  await client.call.addRoute({ requestId: 'logged', userId: 'ada', name: 'Logged' });
  await expect(
    client.call.addRoute({ requestId: 'logged-2', userId: 'ada', name: 'Logged' }),
  ).rejects.toThrow();
  await waitUntil('both are logged', () => system.calls.length === before + 2);
  expect(system.calls.slice(before)).toEqual([
    {
      method: `${SERVICE}/AddRoute`,
      code: 'OK',
      requestId: 'logged',
      durationMs: expect.any(Number),
      peer: expect.any(String),
    },
    {
      ...{
        method: `${SERVICE}/AddRoute`,
        code: 'ALREADY_EXISTS',
        reason: 'ROUTE_NAME_TAKEN',
        requestId: 'logged-2',
      },
      durationMs: expect.any(Number),
      peer: expect.any(String),
    },
  ]);
});

it('hands the deadline of its caller on to the ledger', async () => {
  await system.ledger.client().credit({ userId: 'hasty', asset: 'PEEP', amount: 1n });
  const lock = await lockAccount(system.ledger.database, 'hasty', 'PEEP');
  const request = { requestId: 'deadline', userId: 'hasty', name: 'Deadline' };
  const bytes = encoded(request);
  const expired = await expireWhile(
    () => lock.isBlocked(),
    async (timeoutMs) => {
      const answer = await raw.send({ path: ADD_ROUTE, bytes }, Date.now() + timeoutMs);
      throw Object.assign(new Error('refused'), refusalOf(answer));
    },
  );
  expect(expired).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  // Nobody waits for the ledger any more, although it would have ten minutes.
  await waitUntil('the service gave up', () =>
    system.calls.some(({ requestId, code }) => requestId === 'deadline' && code === 'DEADLINE_EXCEEDED'),
  );
  await lock.release();
  const again = await client.call.addRoute(request);
  expect(again.movement).toMatchObject({ change: 5n, balanceAfter: 6n });
});

it('takes a call that its caller cancelled for cancelled, and for no fault', async () => {
  await system.ledger.client().credit({ userId: 'fickle', asset: 'PEEP', amount: 1n });
  const lock = await lockAccount(system.ledger.database, 'fickle', 'PEEP');
  const request = { requestId: 'cancelled', userId: 'fickle', name: 'Cancelled' };
  const faults = system.faults.length;
  const call = raw.start({ path: ADD_ROUTE, bytes: encoded(request) });
  await lock.untilBlocked();
  call.cancel();
  const line = (): CallRecord | undefined => system.calls.find(({ requestId }) => requestId === 'cancelled');
  await waitUntil('the call is logged', () => line() !== undefined);
  await lock.release();
  expect(line()).toMatchObject({ code: 'CANCELLED' });
  expect(line()?.reason).toBeUndefined();
  expect(system.faults).toHaveLength(faults);
});

it('when it stops: says so, answers what it accepted, and takes no more', async () => {
  await system.ledger.client().credit({ userId: 'last', asset: 'PEEP', amount: 1n });
  const watch = watchHealth(service.address);
  await waitUntil('SERVING', () => watch.seen.includes('SERVING'));
  const lock = await lockAccount(system.ledger.database, 'last', 'PEEP');
  const answer = client.call.addRoute({ requestId: 'last', userId: 'last', name: 'Last' });
  await lock.untilBlocked();

  let stopped = false;
  const stop = service.stop().then(() => (stopped = true));
  await waitUntil('NOT_SERVING', () => watch.seen.includes('NOT_SERVING'));
  expect(stopped).toBe(false);
  await lock.release();
  expect(await answer).toMatchObject({ movement: { change: 5n, balanceAfter: 6n } });
  await stop;
  await expect(client.call.getBalance({ userId: 'last' })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  watch.end();
  service = await system.startAnother(QUICK_HEALTH);
});

function encoded(request: { requestId: string; userId: string; name: string }): Buffer {
  return Buffer.from(AddRouteRequest.encode(AddRouteRequest.fromPartial(request)).finish());
}
