import { status } from '@grpc/grpc-js';
import { ManualClock } from '../test/manual-clock';
import type { AttemptInfo, CallHooks, ResultInfo } from './call-hooks';
import { LedgerClient } from './ledger-client';
import {
  fails,
  refuses,
  replies,
  type Script,
  type ScriptedLedger,
  sends,
  startScriptedLedger,
} from './testing';

const gold = { userId: 'ada', asset: 'GOLD', amount: 5n };

let server: ScriptedLedger;
let client: LedgerClient;
let clock: ManualClock;
let attempts: AttemptInfo[];
let results: ResultInfo[];

async function start(script: Script, hooks?: CallHooks): Promise<void> {
  server = await startScriptedLedger(script);
  clock = new ManualClock();
  attempts = [];
  results = [];
  client = new LedgerClient({
    ...{ address: server.address, clock, retry: { initialBackoffMs: 0, maxAttempts: 3 } },
    // A clock that jumps ahead has no silence to notice.
    watchHeartbeatMs: Infinity,
    hooks: hooks ?? { onAttempt: (info) => attempts.push(info), onResult: (info) => results.push(info) },
  });
}

afterEach(() => {
  client.close();
  server.close();
});

it('tell of each attempt and of the call', async () => {
  await start({
    credit: [
      (call) => {
        clock.advance(30);
        fails('UNAVAILABLE')(call);
      },
      (call) => {
        clock.advance(12);
        replies<'credit'>({ transaction: {}, balance: {} })(call);
      },
    ],
  });
  await client.credit({ ...gold, requestId: 'r1' });
  const about = { method: 'credit', requestId: 'r1', reason: undefined };
  expect(attempts).toEqual([
    { ...about, attempt: 1, code: status.UNAVAILABLE, codeName: 'UNAVAILABLE', durationMs: 30 },
    { ...about, attempt: 2, code: status.OK, codeName: 'OK', durationMs: 12 },
  ]);
  expect(results).toEqual([
    { ...about, attempts: 2, code: status.OK, codeName: 'OK', durationMs: 42, error: undefined },
  ]);
});

it('tell why a call failed', async () => {
  await start({ credit: [refuses('INSUFFICIENT_FUNDS')] });
  const error: unknown = await client.credit(gold).catch((reason: unknown) => reason);
  const refused = { reason: 'INSUFFICIENT_FUNDS', codeName: 'FAILED_PRECONDITION' };
  expect(attempts).toMatchObject([{ ...refused, attempt: 1 }]);
  expect(results).toMatchObject([{ ...refused, attempts: 1, error }]);
});

it('tell of a page of a list as of a call', async () => {
  await start({ listItems: [replies({ nextPageToken: 'more' }), replies({})] });
  for await (const item of client.listItems({})) expect(item).toBeUndefined();
  expect(results).toMatchObject([{ method: 'listItems' }, { method: 'listItems' }]);
});

it('tell of a stream when it ends, and when its reader leaves', async () => {
  const messages = [{ resumeToken: 'a' }, { resumeToken: 'b' }];
  await start({ watchEntries: [sends(messages, fails('UNAVAILABLE')), sends(messages), sends(messages)] });
  for await (const { entry } of client.watchEntries({})) expect(entry).toBeUndefined();
  expect(attempts).toMatchObject([{ codeName: 'UNAVAILABLE' }, { codeName: 'OK' }]);
  expect(results).toMatchObject([{ method: 'watchEntries', codeName: 'OK', error: undefined }]);
  for await (const { entry } of client.watchEntries({})) {
    expect(entry).toBeUndefined();
    break;
  }
  expect(results).toHaveLength(2);
});

it('never change a call, whatever they throw', async () => {
  const warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
  await start(
    { getBalance: [replies({ balance: {} })] },
    {
      onAttempt: () => {
        throw new Error('broken');
      },
    },
  );
  expect((await client.getBalance(gold)).balance.balance).toBe(0n);
  expect(warnings).toHaveBeenCalledWith("a hook of the ledger's client failed: Error: broken");
  warnings.mockRestore();
});
