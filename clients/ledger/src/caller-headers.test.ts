import { Metadata } from '@grpc/grpc-js';
import { systemClock } from './clock';
import { LedgerClient } from './ledger-client';
import { fails, replies, type Script, type ScriptedLedger, startScriptedLedger } from './testing';
import type { LedgerClientOptions } from './transport';

const AN_HOUR_MS = 3_600_000;
const gold = { userId: 'ada', asset: 'GOLD' };
const answer = replies<'getBalance'>({ balance: {} });

let server: ScriptedLedger;
let client: LedgerClient;

async function start(script: Script, options: LedgerClientOptions): Promise<void> {
  server = await startScriptedLedger(script);
  client = new LedgerClient({
    ...{ address: server.address, timeoutMs: AN_HOUR_MS, retry: { initialBackoffMs: 0 } },
    ...options,
  });
}

afterEach(() => {
  client.close();
  server.close();
});

function sent(key: string): unknown[] {
  return server.calls.map(({ metadata }) => metadata.get(key)[0]);
}

it('sends metadata with every call, and that of the call on top', async () => {
  await start({ getBalance: [answer, answer] }, { metadata: { 'x-team': 'shop', 'x-trace': 'none' } });
  await client.getBalance(gold);
  await client.getBalance(gold, { metadata: { 'x-trace': 'abc' } });
  expect(sent('x-team')).toEqual(['shop', 'shop']);
  expect(sent('x-trace')).toEqual(['none', 'abc']);
});

it('sends a token', async () => {
  await start({ getBalance: [answer] }, { token: 'secret' });
  await client.getBalance(gold);
  expect(sent('authorization')).toEqual(['Bearer secret']);
});

it('asks for token and metadata for each attempt, also of a stream', async () => {
  let made = 0;
  const token = (): Promise<string> => Promise.resolve(`token-${(made += 1)}`);
  const metadata = ({ method }: { method: string }): Record<string, string> => ({ 'x-method': method });
  await start(
    { getBalance: [fails('UNAVAILABLE'), answer], watchEntries: [() => undefined] },
    { token, metadata },
  );
  await client.getBalance(gold);
  const watching = client.watchEntries({});
  const first = watching.next();
  while (server.calls.length < 3) await new Promise(setImmediate);
  client.close();
  await expect(first).rejects.toMatchObject({ codeName: 'CANCELLED' });
  expect(sent('authorization')).toEqual(['Bearer token-1', 'Bearer token-2', 'Bearer token-3']);
  expect(sent('x-method')).toEqual(['getBalance', 'getBalance', 'watchEntries']);
});

it('fails without a token, and sends nothing', async () => {
  const cause = new Error('no such identity');
  await start({ credit: [] }, { token: () => Promise.reject(cause) });
  await expect(client.credit({ ...gold, amount: 1n })).rejects.toMatchObject({
    ...{ codeName: 'UNAUTHENTICATED', cause, attempts: 0, outcomeUnknown: false },
  });
  expect(server.calls).toEqual([]);
});

it('ends with the time of the call when a token does not come', async () => {
  const clock = { ...systemClock, sleep: () => Promise.resolve() };
  await start(
    { getBalance: [] },
    { clock, token: () => new Promise<string>(() => undefined), timeoutMs: 40 },
  );
  await expect(client.getBalance(gold)).rejects.toMatchObject({ codeName: 'DEADLINE_EXCEEDED', attempts: 0 });
});

it('ends with an abort while a token does not come', async () => {
  const abort = new AbortController();
  const token = (): Promise<string> => {
    abort.abort(new Error('enough'));
    return new Promise(() => undefined);
  };
  await start({ getBalance: [] }, { token });
  const call = client.getBalance(gold, { signal: abort.signal });
  await expect(call).rejects.toMatchObject({ codeName: 'CANCELLED', cause: new Error('enough') });
});

it('reports metadata that cannot be sent', async () => {
  await start({ getBalance: [] }, { metadata: { 'not a key': 'x' } });
  await expect(client.getBalance(gold)).rejects.toMatchObject({ codeName: 'INVALID_ARGUMENT', attempts: 0 });
});

it('shows the position that comes with an outcome', async () => {
  const headers = new Metadata();
  headers.set('ledger-position', 'p2');
  await start(
    {
      credit: [
        replies({ transaction: {}, balance: {} }, { position: 'p1' }),
        (call) => {
          call.sendHeaders(headers);
          fails('FAILED_PRECONDITION')(call);
        },
        replies({ transaction: {}, balance: {} }),
      ],
    },
    {},
  );
  const credit = { ...gold, amount: 1n };
  expect((await client.credit(credit)).position).toBe('p1');
  await expect(client.credit(credit)).rejects.toMatchObject({ position: 'p2' });
  expect((await client.credit(credit)).position).toBeUndefined();
});
