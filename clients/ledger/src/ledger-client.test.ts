/** @paused: also run by `npm run test:paused`. */
import { getEventListeners, once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { Account } from '@ledger/proto/ledger/v1/account_service';
import { Item } from '@ledger/proto/ledger/v1/catalog_service';
import { Balance, Hold, Transaction } from '@ledger/proto/ledger/v1/ledger';
import { BatchWriteResult, GetRequestResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { type Clock, systemClock } from './clock';
import { LedgerClient } from './ledger-client';
import { type Script, type ScriptedLedger, startScriptedLedger } from './testing/scripted-ledger';
import { services } from './testing/scripted-rpcs';
import { fails, refuses, replies, type ScriptedCall, staysSilent } from './testing/steps';
import { LedgerError } from './ledger-error';
import { ManualClock } from '../test/manual-clock';
import type { LedgerClientOptions } from './transport';

const AN_HOUR_MS = 3_600_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Without backoff a call waits only as long as the server asks. */
const quick = { initialBackoffMs: 0 };
const booked = {
  transaction: Transaction.fromPartial({ transactionId: 't1' }),
  balance: Balance.fromPartial({ balance: 5n }),
};
const gold = { userId: 'ada', asset: 'GOLD', amount: 5n };

let server: ScriptedLedger;
let client: LedgerClient;
let clock: ManualClock;

async function start(script: Script = {}, options: LedgerClientOptions = {}): Promise<void> {
  server = await startScriptedLedger(script);
  clock = new ManualClock();
  client = new LedgerClient({ address: server.address, retry: quick, clock, ...options });
}

afterEach(() => {
  client.close();
  server.close();
});

async function errorOf(call: Promise<unknown>): Promise<LedgerError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LedgerError)) throw new Error(`not a LedgerError: ${String(error)}`);
  return error;
}

/** Lets the attempt use up the time that it was given. */
function runsOutOfTime(call: ScriptedCall): void {
  clock.advance(clock.timeouts.at(-1) ?? NaN);
  fails(status.DEADLINE_EXCEEDED)(call);
}

function requestIds(): unknown[] {
  return server.calls.map(({ request }) => ('requestId' in request ? request.requestId : undefined));
}

describe('methods', () => {
  const anyResponse = {
    ...GetRequestResponse.fromPartial({}),
    ...booked,
    hold: Hold.fromPartial({}),
    item: Item.fromPartial({}),
    account: Account.fromPartial({}),
    balances: [],
    entries: [],
    transactions: [],
    holds: [],
    items: [],
    accounts: [],
    results: [],
    nextPageToken: '',
  };
  const anyRequest = {
    ...{ userId: 'ada', fromUserId: 'ada', toUserId: 'bob', asset: 'GOLD', amount: 5n, price: 5n, name: '' },
    ...{
      transactionId: 't1',
      holdId: 'h1',
      itemId: 'i1',
      accounts: [],
      writes: [],
      updateMask: [],
      legs: [],
    },
    subject: { $case: 'price', value: { asset: 'GOLD', amount: 5n } },
  };
  const unary = services
    .flatMap((service) => Object.entries(service))
    .filter(([, { responseStream }]) => !responseStream);

  it.each(unary)('%s reaches its rpc', async (method) => {
    await start({ [method]: [replies(anyResponse)] });
    const call: unknown = Reflect.get(client, method);
    if (typeof call !== 'function') throw new Error('no such method');
    const request = method === 'getRequest' ? { ...anyRequest, requestId: 'r1' } : anyRequest;
    await Reflect.apply(call, undefined, [request]);
    expect(server.calls.map(({ rpc }) => rpc)).toEqual([method]);
  });

  it('fill what the request leaves out, at any depth', async () => {
    await start({ purchase: [replies(booked)] });
    await client.purchase({
      userId: 'ada',
      subject: { $case: 'item', value: { itemId: 'sword', quantity: 2n } },
      reference: undefined,
    });
    expect(server.calls[0]?.request).toMatchObject({
      subject: { $case: 'item', value: { itemId: 'sword', quantity: 2n, priceVersion: 0n } },
      reference: '',
    });
  });

  it('send the metadata of the call', async () => {
    await start({ getBalance: [replies(booked)] });
    await client.getBalance(gold, { metadata: { 'x-trace': 'abc' } });
    expect(server.calls[0]?.metadata.get('x-trace')).toEqual(['abc']);
  });

  it('reject a request that cannot be encoded without sending it', async () => {
    await start({ credit: [replies(booked)] });
    const error = await errorOf(client.credit({ ...gold, amount: 2n ** 70n }));
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, attempts: 0, outcomeUnknown: false });
    expect(server.calls).toEqual([]);
  });

  it('take a response without its subject for one that cannot be read', async () => {
    await start({ credit: [replies({})] }, { retry: { maxAttempts: 1 } });
    const error = await errorOf(client.credit(gold));
    expect(error).toMatchObject({ codeName: 'INTERNAL', outcomeUnknown: true });
  });
});

describe('a request id', () => {
  it('is made for a write that has none', async () => {
    await start({ credit: [replies(booked), replies(booked)] });
    await client.credit(gold);
    await client.credit(gold);
    const [first, second] = requestIds();
    expect(first).toMatch(UUID);
    expect(second).toMatch(UUID);
    expect(second).not.toBe(first);
  });

  it('is made by the given generator, also for the writes of a batch', async () => {
    let made = 0;
    await start({ batchWrite: [replies({ results: [] })] }, { generateRequestId: () => `id-${(made += 1)}` });
    await client.batchWrite({
      writes: [
        { write: { $case: 'credit', value: gold } },
        { write: { $case: 'credit', value: { ...gold, requestId: 'mine' } } },
        { write: { $case: 'releaseHold', value: { userId: 'ada', holdId: 'h' } } },
      ],
      atomic: true,
    });
    expect(server.calls[0]?.request).toMatchObject({
      requestId: 'id-1',
      writes: [
        { write: { value: { requestId: 'id-2' } } },
        { write: { value: { requestId: 'mine' } } },
        { write: { value: { requestId: 'id-3' } } },
      ],
    });
  });

  it('is the caller’s when given', async () => {
    await start({ credit: [replies(booked)] });
    await client.credit({ ...gold, requestId: 'order-17' });
    expect(requestIds()).toEqual(['order-17']);
  });

  it('is not made for a read', async () => {
    await start({ getRequest: [replies(GetRequestResponse.fromPartial({}))] });
    await client.getRequest({ userId: 'ada', requestId: '' });
    expect(requestIds()).toEqual(['']);
  });
});

describe('a retry', () => {
  it('keeps the request id after UNAVAILABLE', async () => {
    await start({ credit: [fails(status.UNAVAILABLE), fails(status.UNAVAILABLE), replies(booked)] });
    const { transaction } = await client.credit(gold);
    expect(transaction.transactionId).toBe('t1');
    const ids = requestIds();
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it('follows a lost connection', async () => {
    await start({ credit: [() => server.dropConnections(), replies(booked)] });
    await client.credit(gold);
    expect(new Set(requestIds()).size).toBe(1);
    expect(server.calls).toHaveLength(2);
  });

  it('asks again for a lost response in the time that the first attempt left', async () => {
    await start({ credit: [runsOutOfTime, replies(booked, { replayed: true })] });
    const { replayed } = await client.credit(gold, { timeoutMs: 400 });
    expect(replayed).toBe(true);
    expect(clock.timeouts).toEqual([300, 75]);
  });

  it('leaves a reserve of a second in a long call', async () => {
    await start({ credit: [runsOutOfTime, replies(booked)] });
    await client.credit(gold, { timeoutMs: 60_000 });
    expect(clock.timeouts).toEqual([59_000, 750]);
  });

  it('leaves a read a reserve as well, for a connection that is dead', async () => {
    await start({ getBalance: [replies(booked)] });
    await client.getBalance(gold, { timeoutMs: 60_000 });
    expect(clock.timeouts).toEqual([59_000]);
  });

  it('waits as long as RetryInfo asks, and the backoff on top', async () => {
    const overloaded = refuses('OVERLOADED', { retryDelayMs: 60 });
    const retry = { initialBackoffMs: 10 };
    await start({ credit: [overloaded, replies(booked)] }, { retry });
    await client.credit(gold);
    const [waitMs, ...more] = clock.sleeps;
    expect(waitMs).toBeGreaterThanOrEqual(60);
    expect(waitMs).toBeLessThanOrEqual(70);
    expect(more).toEqual([]);
  });

  it('is not made when RetryInfo asks for more time than remains', async () => {
    const overloaded = refuses('OVERLOADED', { retryDelayMs: 900 });
    await start({ credit: [overloaded, replies(booked)] });
    const error = await errorOf(client.credit(gold, { timeoutMs: 800 }));
    expect(error).toMatchObject({ reason: 'OVERLOADED', attempts: 1, outcomeUnknown: false });
    expect(clock.sleeps).toEqual([]);
    expect(server.calls).toHaveLength(1);
  });

  it.each([
    [status.CANCELLED, undefined],
    [status.UNKNOWN, undefined],
    [status.INTERNAL, undefined],
    [status.DEADLINE_EXCEEDED, undefined],
    [status.DEADLINE_EXCEEDED, 'NOT_STARTED'],
    [status.UNAVAILABLE, 'STORE_UNAVAILABLE'],
  ] as const)('follows code %i with reason %s', async (code, reason) => {
    await start({ credit: [reason === undefined ? fails(code) : refuses(reason), replies(booked)] });
    await client.credit(gold);
    expect(server.calls).toHaveLength(2);
  });

  it.each([
    [status.INVALID_ARGUMENT, 'INVALID_FIELD'],
    [status.FAILED_PRECONDITION, 'INSUFFICIENT_FUNDS'],
    [status.ABORTED, 'CONFLICT'],
    [status.ALREADY_EXISTS, 'REQUEST_ID_REUSED'],
    [status.INTERNAL, 'INTERNAL'],
    [status.PERMISSION_DENIED, undefined],
    [status.RESOURCE_EXHAUSTED, undefined],
  ] as const)('never follows code %i with reason %s', async (code, reason) => {
    await start({ credit: [reason === undefined ? fails(code) : refuses(reason), replies(booked)] });
    expect(await errorOf(client.credit(gold))).toMatchObject({ code, reason, attempts: 1 });
    expect(server.calls).toHaveLength(1);
  });

  it('is made for reads as well', async () => {
    await start({ getBalance: [fails(status.UNAVAILABLE), replies(booked)] });
    const { balance } = await client.getBalance(gold);
    expect(balance.balance).toBe(5n);
  });

  it('has a limit also when the policy names none', async () => {
    const down = Array.from({ length: 12 }, () => fails(status.UNAVAILABLE));
    await start({ credit: down }, { retry: { ...quick, maxAttempts: undefined } });
    expect(await errorOf(client.credit(gold))).toMatchObject({ attempts: 8 });
  });

  it('stops after the attempts of the policy', async () => {
    const down = fails(status.UNAVAILABLE);
    await start({ credit: [down, down, down, replies(booked)] }, { retry: { ...quick, maxAttempts: 3 } });
    expect(await errorOf(client.credit(gold))).toMatchObject({ code: status.UNAVAILABLE, attempts: 3 });
    expect(server.calls).toHaveLength(3);
  });
});

describe('the timeout', () => {
  it('holds over all attempts', async () => {
    await start(
      { credit: [runsOutOfTime, runsOutOfTime, runsOutOfTime] },
      { retry: { ...quick, maxAttempts: 3 } },
    );
    const error = await errorOf(client.credit(gold, { timeoutMs: 200 }));
    expect(error).toMatchObject({ codeName: 'DEADLINE_EXCEEDED', attempts: 3, outcomeUnknown: true });
    expect(error.requestId).toMatch(UUID);
    // The last attempt may use all that remains.
    expect(clock.timeouts).toEqual([150, 37.5, 12.5]);
    expect(clock.now()).toBe(200);
  });

  it('holds over the waits as well', async () => {
    const overloaded = refuses('OVERLOADED', { retryDelayMs: 90 });
    await start({ credit: [overloaded, overloaded, overloaded] });
    const error = await errorOf(client.credit(gold, { timeoutMs: 200 }));
    expect(error).toMatchObject({ reason: 'OVERLOADED', attempts: 3, outcomeUnknown: false });
    expect(clock.sleeps).toEqual([90, 90]);
    expect(clock.timeouts).toEqual([150, 82.5, 15]);
  });

  it('is the client’s when the call names none', async () => {
    await start({ getBalance: [replies(booked)] }, { timeoutMs: 40_000 });
    await client.getBalance(gold);
    expect(clock.timeouts).toEqual([39_000]);
  });

  it('ends an attempt that gets no response', async () => {
    // The call has time left on the clock that stands still, but gRPC sees the deadline pass.
    clock = new ManualClock();
    const expiring = Object.assign(clock, { deadlineIn: () => Date.now() + 20 });
    await start({ credit: [staysSilent()] }, { clock: expiring, retry: { maxAttempts: 1 } });
    expect(await errorOf(client.credit(gold))).toMatchObject({
      codeName: 'DEADLINE_EXCEEDED',
      attempts: 1,
      outcomeUnknown: true,
    });
  });

  it('is sent to the server', async () => {
    await start({ getBalance: [replies(booked)] }, { clock: systemClock });
    await client.getBalance(gold, { timeoutMs: 3_600_000 });
    expect(server.calls[0]?.deadlineMs).toBeGreaterThan(0);
    expect(server.calls[0]?.deadlineMs).toBeLessThanOrEqual(3_600_000);
  });

  it.each([0, -1, NaN])('of %d ms sends nothing', async (timeoutMs) => {
    await start({ credit: [replies(booked)] });
    expect(await errorOf(client.credit(gold, { timeoutMs }))).toMatchObject({
      codeName: 'DEADLINE_EXCEEDED',
      attempts: 0,
      outcomeUnknown: false,
    });
    expect(server.calls).toEqual([]);
  });
});

describe('an error', () => {
  it('carries what the server sent', async () => {
    const metadata = { balance: '3', available: '3', required: '5' };
    const refusal = { metadata, message: 'needs 5, has 3', replayed: 'headers' } as const;
    await start({ credit: [refuses('INSUFFICIENT_FUNDS', refusal)] });
    const error = await errorOf(client.credit({ ...gold, requestId: 'r1' }));
    expect(error).toMatchObject({
      name: 'LedgerError',
      message: 'credit: FAILED_PRECONDITION (INSUFFICIENT_FUNDS): needs 5, has 3',
      code: status.FAILED_PRECONDITION,
      codeName: 'FAILED_PRECONDITION',
      reason: 'INSUFFICIENT_FUNDS',
      details: { errorInfo: { domain: 'ledger.v1', reason: 'INSUFFICIENT_FUNDS' } },
      metadata,
      requestId: 'r1',
      method: 'credit',
      attempts: 1,
      outcomeUnknown: false,
      replayed: true,
    });
  });

  it('says that it is a replay when that comes without headers', async () => {
    await start({ credit: [fails(status.ABORTED, { replayed: 'trailers' }), fails(status.ABORTED)] });
    expect((await errorOf(client.credit(gold))).replayed).toBe(true);
    expect((await errorOf(client.credit(gold))).replayed).not.toBe(true);
  });

  it('survives garbage in the details', async () => {
    const trailer = Buffer.from('0affffffffffff', 'hex');
    await start({ credit: [fails(status.FAILED_PRECONDITION, { trailer, message: 'no' })] });
    expect(await errorOf(client.credit(gold))).toMatchObject({
      code: status.FAILED_PRECONDITION,
      reason: undefined,
      details: {},
      metadata: {},
    });
  });

  it('leaves the outcome unknown when an earlier attempt may have booked', async () => {
    const overloaded = refuses('OVERLOADED');
    await start({ credit: [fails(status.UNAVAILABLE), overloaded] }, { retry: { ...quick, maxAttempts: 2 } });
    expect(await errorOf(client.credit(gold))).toMatchObject({ reason: 'OVERLOADED', outcomeUnknown: true });
  });

  it('knows that nothing was booked when no attempt had a connection', async () => {
    await start({}, { retry: { ...quick, maxAttempts: 2 } });
    server.close();
    expect(await errorOf(client.credit(gold))).toMatchObject({
      codeName: 'UNAVAILABLE',
      attempts: 2,
      outcomeUnknown: false,
    });
  });

  it('knows that nothing was booked when its time ran out before there was a connection', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const alone = new LedgerClient({ address: `127.0.0.1:${port}`, timeoutMs: 300 });
    expect(await errorOf(alone.credit(gold))).toMatchObject({
      codeName: 'UNAVAILABLE',
      outcomeUnknown: false,
    });
    alone.close();
    sockets.forEach((socket) => socket.destroy());
    mute.close();
  });

  it('knows the outcome when a later attempt was decided', async () => {
    const refused = refuses('INSUFFICIENT_FUNDS');
    await start({ credit: [fails(status.UNAVAILABLE), refused] });
    expect(await errorOf(client.credit(gold))).toMatchObject({ attempts: 2, outcomeUnknown: false });
  });

  it('never leaves the outcome of a read unknown', async () => {
    await start({ getBalance: [fails(status.UNAVAILABLE)] }, { retry: { maxAttempts: 1 } });
    const error = await errorOf(client.getBalance(gold));
    expect(error).toMatchObject({ codeName: 'UNAVAILABLE', outcomeUnknown: false, requestId: undefined });
  });
});

describe('a replay', () => {
  it('shows in the response', async () => {
    await start({ credit: [replies(booked, { replayed: true }), replies(booked)] });
    expect((await client.credit(gold)).replayed).toBe(true);
    expect((await client.credit(gold)).replayed).toBe(false);
  });
});

describe('an abort', () => {
  it('leaves nothing behind on the signal of a call that ended', async () => {
    const { signal } = new AbortController();
    await start({ getBalance: [replies(booked)] });
    await client.getBalance(gold, { signal });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('stops an attempt at once, at the server as well', async () => {
    const abort = new AbortController();
    let tellCancelled: () => void;
    const cancelled = new Promise<void>((resolve) => (tellCancelled = resolve));
    const hangs = ({ cancelled: signal }: ScriptedCall): void => {
      signal.addEventListener('abort', tellCancelled);
      abort.abort(new Error('enough'));
    };
    await start({ credit: [hangs, replies(booked)] });
    const error = await errorOf(client.credit(gold, { signal: abort.signal }));
    expect(error).toMatchObject({ codeName: 'CANCELLED', attempts: 1, outcomeUnknown: true });
    expect(error.cause).toEqual(new Error('enough'));
    await cancelled;
    expect(server.calls).toHaveLength(1);
  });

  it('stops a wait at once, and knows that nothing was booked', async () => {
    const abort = new AbortController();
    const aborting: Clock = {
      ...systemClock,
      sleep: (_ms, signal) => {
        const asleep = systemClock.sleep(AN_HOUR_MS, signal);
        abort.abort();
        return asleep;
      },
    };
    const overloaded = refuses('OVERLOADED');
    await start({ credit: [overloaded, replies(booked)] }, { clock: aborting });
    const error = await errorOf(client.credit(gold, { signal: abort.signal, timeoutMs: AN_HOUR_MS }));
    expect(error).toMatchObject({ codeName: 'CANCELLED', attempts: 1, outcomeUnknown: false });
    expect(server.calls).toHaveLength(1);
  });

  it('before the call sends nothing', async () => {
    await start({ credit: [replies(booked)] });
    const error = await errorOf(client.credit(gold, { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ codeName: 'CANCELLED', attempts: 0, outcomeUnknown: false });
    expect(server.calls).toEqual([]);
  });
});

describe('the connection', () => {
  it('is ready when the server is there', async () => {
    await start();
    await client.waitForReady();
  });

  it('is not ready in time without a server', async () => {
    await start({}, { clock: systemClock });
    server.close();
    const error = await errorOf(client.waitForReady(50));
    expect(error).toMatchObject({ codeName: 'UNAVAILABLE', method: 'waitForReady' });
  });

  it('takes no calls once it is closed', async () => {
    await start({ credit: [replies(booked)] });
    await client.waitForReady();
    client.close();
    expect(await errorOf(client.credit(gold))).toMatchObject({ codeName: 'CANCELLED', attempts: 0 });
    expect(server.calls).toEqual([]);
  });

  it('completes a call that was sent before it was closed', async () => {
    await start({
      credit: [
        (attempt) => {
          client.close();
          replies(booked)(attempt);
        },
      ],
    });
    const { transaction } = await client.credit(gold);
    expect(transaction.transactionId).toBe('t1');
  });
});

it('turns the error of a batch result into the error that the write alone would have thrown', async () => {
  const results = [
    BatchWriteResult.fromPartial({
      outcome: { $case: 'error', value: { code: status.NOT_FOUND, message: 'no such hold', details: [] } },
    }),
  ];
  await start({ batchWrite: [replies({ results })] });
  const answer = await client.batchWrite({ writes: [] });
  const outcome = answer.results[0]?.outcome;
  if (outcome?.$case !== 'error') throw new Error('not an error');
  const error = LedgerError.fromStatus(outcome.value, { method: 'releaseHold', requestId: 'r1' });
  expect(error).toMatchObject({ codeName: 'NOT_FOUND', requestId: 'r1', outcomeUnknown: false });
});
