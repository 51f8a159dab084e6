/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import { LedgerClient } from './ledger-client';
import { type Script, type ScriptedLedger, startScriptedLedger } from './testing/scripted-ledger';
import { fails, sends, staysSilent, type Step } from './testing/steps';

const AN_HOUR_MS = 3_600_000;

let server: ScriptedLedger;
let client: LedgerClient;

async function start(script: Script): Promise<void> {
  server = await startScriptedLedger(script);
  client = new LedgerClient({
    address: server.address,
    retry: { maxAttempts: 3, initialBackoffMs: 1, maxBackoffMs: 2 },
  });
}

afterEach(() => {
  client.close();
  server.close();
});

function entries(sequences: bigint[], then?: Step<'watchEntries'>): Step<'watchEntries'> {
  const messages = sequences.map((sequence) => ({ entry: { sequence }, resumeToken: `after-${sequence}` }));
  return sends(messages, then);
}

const ends = sends([]);
const lost = fails(status.UNAVAILABLE);

async function watched(): Promise<(bigint | undefined)[]> {
  const sequences: (bigint | undefined)[] = [];
  for await (const { entry } of client.watchEntries({ userId: 'ada', fromStart: true })) {
    sequences.push(entry?.sequence);
  }
  return sequences;
}

it('resumes a watch where it broke off', async () => {
  await start({ watchEntries: [entries([1n, 2n], lost), lost, entries([3n])] });
  expect(await watched()).toEqual([1n, 2n, 3n]);
  expect(server.requests('watchEntries')).toMatchObject([
    { userId: 'ada', fromStart: true, resumeToken: '' },
    { userId: 'ada', fromStart: false, resumeToken: 'after-2' },
    { userId: 'ada', fromStart: false, resumeToken: 'after-2' },
  ]);
});

it('gives up after the attempts of the policy, counted from the last answer', async () => {
  await start({ watchEntries: [lost, lost, entries([1n], lost), lost, lost, entries([2n])] });
  await expect(watched()).rejects.toMatchObject({
    codeName: 'UNAVAILABLE',
    method: 'watchEntries',
    attempts: 3,
  });
  expect(server.calls).toHaveLength(5);
});

it('does not resume what cannot be resumed', async () => {
  const progress = { accountsChecked: 1n, accountsTotal: 2n, entriesChecked: 3n };
  const begins = sends<'verifyLedger'>([{ result: { $case: 'progress', value: progress } }], lost);
  await start({ verifyLedger: [lost, begins, ends] });
  const results: unknown[] = [];
  const verify = async (): Promise<void> => {
    for await (const { result } of client.verifyLedger({})) results.push(result?.$case);
  };
  await expect(verify()).rejects.toMatchObject({ codeName: 'UNAVAILABLE', outcomeUnknown: false });
  expect(results).toEqual(['progress']);
  expect(server.calls).toHaveLength(2);
});

it('reports what the server does not offer', async () => {
  await start({ watchEntries: [fails(status.UNIMPLEMENTED), ends] });
  await expect(watched()).rejects.toMatchObject({ codeName: 'UNIMPLEMENTED', attempts: 1 });
  expect(server.calls).toHaveLength(1);
});

it('tells the server when the loop is left', async () => {
  let tellCancelled: () => void;
  const cancelled = new Promise<void>((resolve) => (tellCancelled = resolve));
  await start({
    watchEntries: [entries([1n], (call) => call.cancelled.addEventListener('abort', tellCancelled))],
  });
  for await (const { entry } of client.watchEntries({})) {
    expect(entry?.sequence).toBe(1n);
    break;
  }
  await cancelled;
});

it('ends at once when it is aborted, while it waits for an answer', async () => {
  const abort = new AbortController();
  await start({ watchEntries: [() => abort.abort(new Error('enough')), ends] });
  const watch = client.watchEntries({}, { signal: abort.signal });
  await expect(watch.next()).rejects.toMatchObject({ codeName: 'CANCELLED', cause: new Error('enough') });
  expect(server.calls).toHaveLength(1);
});

it('ends at once when it is aborted, whatever has arrived already', async () => {
  const abort = new AbortController();
  await start({ watchEntries: [entries([1n, 2n, 3n])] });
  const watch = client.watchEntries({}, { signal: abort.signal });
  expect((await watch.next()).done).toBe(false);
  // Behind the stream on the same connection: once this is refused, all of the stream is here.
  await expect(client.getHold({ userId: 'ada', holdId: 'none' })).rejects.toThrow(
    'the script has no step left',
  );
  abort.abort();
  await expect(watch.next()).rejects.toMatchObject({ codeName: 'CANCELLED' });
});

it('ends when the client is closed', async () => {
  await start({ watchEntries: [() => client.close(), ends] });
  await expect(client.watchEntries({}).next()).rejects.toMatchObject({ codeName: 'CANCELLED' });
  expect(server.calls).toHaveLength(1);
});

it('ends with the budget when it has one', async () => {
  await start({ watchEntries: [staysSilent(), staysSilent(), staysSilent()] });
  // Its time is that of the stream, not of a connection that begins while the process stands still.
  await client.waitForReady(AN_HOUR_MS);
  const watch = client.watchEntries({}, { timeoutMs: 50 });
  await expect(watch.next()).rejects.toMatchObject({ codeName: 'DEADLINE_EXCEEDED' });
});
