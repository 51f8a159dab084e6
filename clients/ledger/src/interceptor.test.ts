import type { CallOptions } from './call-options';
import type { Interceptor } from './interceptor';
import { LedgerClient } from './ledger-client';
import { fails, refuses, replies, type Script, type ScriptedLedger, startScriptedLedger } from './testing';

const gold = { userId: 'ada', asset: 'GOLD', amount: 5n };
const booked = replies<'credit'>({ transaction: { transactionId: 't1' }, balance: {} });

let server: ScriptedLedger;
let client: LedgerClient;

async function start(script: Script, ...interceptors: Interceptor[]): Promise<void> {
  server = await startScriptedLedger(script);
  client = new LedgerClient({
    ...{ address: server.address, timeoutMs: 3_600_000, retry: { initialBackoffMs: 0 }, interceptors },
  });
}

afterEach(() => {
  client.close();
  server.close();
});

it('sees a call once, with its request and its result, however many attempts it takes', async () => {
  const seen: unknown[] = [];
  await start({ credit: [fails('UNAVAILABLE'), booked] }, async (call, next) => {
    if (call.method === 'credit') seen.push(call.request.amount, call.request.requestId);
    const result = await next();
    if (result.method === 'credit') seen.push(result.response.transaction?.transactionId, result.replayed);
  });
  await client.credit({ ...gold, requestId: 'r1' });
  expect(seen).toEqual([5n, 'r1', 't1', false]);
});

it('stands around those after it, and gives them other options', async () => {
  const order: string[] = [];
  const named =
    (name: string): Interceptor =>
    async ({ options }, next) => {
      order.push(`${name} in`);
      const changed: CallOptions = { ...options, metadata: { ...options.metadata, [name]: 'was here' } };
      await next(changed);
      order.push(`${name} out`);
    };
  await start({ credit: [booked] }, named('outer'), named('inner'));
  await client.credit(gold);
  expect(order).toEqual(['outer in', 'inner in', 'inner out', 'outer out']);
  const { metadata } = server.calls[0]!;
  expect([metadata.get('outer'), metadata.get('inner')]).toEqual([['was here'], ['was here']]);
});

it('may make a call again, with its request id', async () => {
  await start({ credit: [refuses('CONFLICT'), booked] }, async (_call, next) => {
    await next().catch(() => next());
  });
  expect((await client.credit(gold)).transaction.transactionId).toBe('t1');
  expect(new Set(server.requests('credit').map(({ requestId }) => requestId)).size).toBe(1);
});

it('gives the caller what it throws', async () => {
  await start({}, () => Promise.reject(new Error('not today')));
  await expect(client.credit(gold)).rejects.toThrow('not today');
  expect(server.calls).toEqual([]);
});

it('must pass a call on or say why not', async () => {
  await start({}, () => Promise.resolve());
  await expect(client.credit(gold)).rejects.toMatchObject({ codeName: 'CANCELLED', attempts: 0 });
});

it('sees each page of a list', async () => {
  const methods: string[] = [];
  await start({ listItems: [replies({ nextPageToken: 'more' }), replies({})] }, async ({ method }, next) => {
    methods.push(method);
    await next();
  });
  for await (const item of client.listItems({})) expect(item).toBeUndefined();
  expect(methods).toEqual(['listItems', 'listItems']);
});
