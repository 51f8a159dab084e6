/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import {
  breaks,
  type Script,
  ScriptedServer,
  type ServedStream,
  type StreamStep,
} from '../test/scripted-server';
import { Entry } from '@ledger/proto/ledger/v1/ledger';
import { LedgerClient } from './ledger-client';

let server: ScriptedServer;
let client: LedgerClient;
const opened: Readonly<Record<string, unknown>>[] = [];

async function start(streams: NonNullable<Script['streams']>): Promise<void> {
  opened.length = 0;
  const noted = Object.entries(streams).map(([method, steps]) => [method, steps.map(note)]);
  server = await ScriptedServer.start({ streams: Object.fromEntries(noted) });
  client = new LedgerClient({
    address: server.address,
    retry: { maxAttempts: 3, initialBackoffMs: 1, maxBackoffMs: 2 },
  });
}

afterEach(() => {
  client.close();
  server.stop();
});

function note(step: StreamStep): StreamStep {
  return (stream) => {
    opened.push(stream.request);
    step(stream);
  };
}

function sends(sequences: bigint[], then: StreamStep): StreamStep {
  return (stream) => {
    for (const sequence of sequences) {
      stream.write({ entry: Entry.fromPartial({ sequence }), resumeToken: `after-${sequence}` });
    }
    then(stream);
  };
}

function ends(stream: ServedStream): void {
  stream.end();
}

const lost = breaks(status.UNAVAILABLE);

async function watched(): Promise<(bigint | undefined)[]> {
  const sequences: (bigint | undefined)[] = [];
  for await (const { entry } of client.watchEntries({ userId: 'ada', fromStart: true })) {
    sequences.push(entry?.sequence);
  }
  return sequences;
}

it('resumes a watch where it broke off', async () => {
  await start({ watchEntries: [sends([1n, 2n], lost), lost, sends([3n], ends)] });
  expect(await watched()).toEqual([1n, 2n, 3n]);
  expect(opened).toMatchObject([
    { userId: 'ada', fromStart: true, resumeToken: '' },
    { userId: 'ada', fromStart: false, resumeToken: 'after-2' },
    { userId: 'ada', fromStart: false, resumeToken: 'after-2' },
  ]);
});

it('gives up after the attempts of the policy, counted from the last answer', async () => {
  await start({ watchEntries: [lost, lost, sends([1n], lost), lost, lost, sends([2n], ends)] });
  await expect(watched()).rejects.toMatchObject({
    codeName: 'UNAVAILABLE',
    method: 'watchEntries',
    attempts: 3,
  });
  expect(opened).toHaveLength(5);
});

it('does not resume what cannot be resumed', async () => {
  const progress = {
    result: { $case: 'progress', value: { accountsChecked: 1n, accountsTotal: 2n, entriesChecked: 3n } },
  };
  const begins: StreamStep = (stream) => {
    stream.write(progress);
    lost(stream);
  };
  await start({ verifyLedger: [lost, begins, ends] });
  const results: unknown[] = [];
  const verify = async (): Promise<void> => {
    for await (const { result } of client.verifyLedger({})) results.push(result?.$case);
  };
  await expect(verify()).rejects.toMatchObject({ codeName: 'UNAVAILABLE', outcomeUnknown: false });
  expect(results).toEqual(['progress']);
  expect(opened).toHaveLength(2);
});

it('reports what the server does not offer', async () => {
  await start({ watchEntries: [breaks(status.UNIMPLEMENTED), ends] });
  await expect(watched()).rejects.toMatchObject({ codeName: 'UNIMPLEMENTED', attempts: 1 });
  expect(opened).toHaveLength(1);
});

it('tells the server when the loop is left', async () => {
  let tellCancelled: () => void;
  const cancelled = new Promise<void>((resolve) => (tellCancelled = resolve));
  await start({ watchEntries: [sends([1n], (stream) => void stream.on('cancelled', tellCancelled))] });
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
  expect(opened).toHaveLength(1);
});

it('ends at once when it is aborted, whatever has arrived already', async () => {
  const abort = new AbortController();
  await start({ watchEntries: [sends([1n, 2n, 3n], ends)] });
  const watch = client.watchEntries({}, { signal: abort.signal });
  expect((await watch.next()).done).toBe(false);
  // Behind the stream on the same connection: once this is refused, all of the stream is here.
  await expect(client.getHold({ userId: 'ada', holdId: 'none' })).rejects.toThrow('the script is over');
  abort.abort();
  await expect(watch.next()).rejects.toMatchObject({ codeName: 'CANCELLED' });
});

it('ends when the client is closed', async () => {
  await start({ watchEntries: [() => client.close(), ends] });
  await expect(client.watchEntries({}).next()).rejects.toMatchObject({ codeName: 'CANCELLED' });
  expect(opened).toHaveLength(1);
});

it('ends with the budget when it has one', async () => {
  await start({ watchEntries: [() => undefined, () => undefined, () => undefined] });
  const watch = client.watchEntries({}, { timeoutMs: 50 });
  await expect(watch.next()).rejects.toMatchObject({ codeName: 'DEADLINE_EXCEEDED' });
});
