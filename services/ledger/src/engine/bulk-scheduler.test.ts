import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { CreditCommand } from '../ledger/writes/credit';
import type { PostTransactionCommand } from '../ledger/writes/post-transaction';
import type { LockAwareRunner } from './lock-aware-runner';
import type { Write } from './batch-transaction';
import { BulkScheduler } from './bulk-scheduler';
import type { Clock } from './clock';
import type { WriteResult } from './write-result';

const CHUNK = 250;
const annotations = { description: '', reference: '', metadata: [], effectiveTime: null };

/** A database that books what it is given, each write once; every transaction takes a second of the clock. */
class FakeRunner {
  readonly chunks: string[][] = [];
  readonly booked = new Set<string>();

  constructor(private readonly clock: ManualClock) {}

  run(writes: readonly Write[]): Promise<WriteResult[]> {
    this.clock.time += 1_000;
    this.chunks.push(writes.map(({ command }) => command.requestId));
    return Promise.resolve(
      writes.map(({ command: { requestId } }): CallResult => {
        const replayed = this.booked.has(requestId);
        this.booked.add(requestId);
        return { code: 0, reason: '', bytes: Buffer.from(requestId), replayed };
      }),
    );
  }
}

class ManualClock implements Clock {
  time = 0;
  now = (): number => this.time;
  after = (): (() => void) => () => undefined;
}

let clock: ManualClock;
let runner: FakeRunner;
let scheduler: BulkScheduler;
beforeEach(() => {
  clock = new ManualClock();
  runner = new FakeRunner(clock);
  scheduler = new BulkScheduler([runner] as unknown as readonly LockAwareRunner[], CHUNK, clock);
});

it('answers in the order of the writes, and starts those last that are booked', async () => {
  const writes = credits(600);
  const answers = await send(writes, new Set([0, 1, 300, 599]));
  expect(answers).toEqual(writes.map(({ command }) => command.requestId));
  expect(runner.chunks.flat().slice(-4)).toEqual(['r-0', 'r-1', 'r-300', 'r-599']);
  expect(runner.chunks.map(({ length }) => length)).toEqual([250, 250, 100]);
  expect(scheduler.waiting).toBe(0);
});

it('completes a batch of 10,000 writes by repeats each of which has the time for three transactions', async () => {
  const writes = credits(10_000);
  let attempts = 0;
  for (let left = writes.length; left > 0 && attempts < 100; attempts += 1) {
    const booked = new Set(
      writes.flatMap(({ command }, at) => (runner.booked.has(command.requestId) ? [at] : [])),
    );
    const answers = await send(writes, booked, clock.time + 3_000);
    left = answers.filter((answer) => answer === 'NOT_STARTED').length;
    if (booked.size === writes.length) break;
  }
  expect(runner.booked.size).toBe(10_000);
  // Forty transactions, three a repeat.
  expect(attempts).toBeLessThanOrEqual(14);
});

it('lets callers take turns, however many batches each has waiting', async () => {
  const greedy = ['a', 'b', 'c'].map((name) => send(credits(500, name), new Set(), Infinity, 'greedy'));
  const polite = send(credits(500, 'polite'), new Set(), Infinity, 'polite');
  expect([scheduler.waiting, scheduler.waitingOf('greedy'), scheduler.waitingOf('polite')]).toEqual([
    2_000, 1_500, 500,
  ]);
  await Promise.all([...greedy, polite]);
  // The first chunk of `a` is on its way when the others come.
  expect(runner.chunks.map(([first]) => first?.split('-')[0])).toEqual([
    ...['a', 'b', 'polite', 'c', 'polite', 'a', 'b', 'c'],
  ]);
  expect(scheduler.waitingOf('greedy')).toBe(0);
});

it('fills a transaction with a few large writes as with many small ones', async () => {
  await send(Array.from({ length: 100 }, (_, n) => writeOf(posting(`r-${n}`, 64))));
  // 2,000 entries, or eight for each of 250 writes.
  expect(runner.chunks.map(({ length }) => length)).toEqual([31, 31, 31, 7]);
});

function send(
  writes: readonly Write[],
  booked = new Set<number>(),
  deadline = Infinity,
  peer = 'test',
): Promise<string[]> {
  return scheduler.enqueue({
    ...{ writes, booked, peer, requestBytes: 100, deadline, isCancelled: () => false },
    answer: (_write, result) => (result instanceof CallError ? result.reason : result.bytes.toString()),
  });
}

function credits(count: number, name = 'r'): Write[] {
  return Array.from({ length: count }, (_, n) => writeOf(credit(`${name}-${n}`)));
}

function writeOf(command: Write['command']): Write {
  return { command, contentHash: Buffer.alloc(0) };
}

function credit(requestId: string): CreditCommand {
  const common = { kind: 'Credit', scope: 'ada', requestId, caller: '' } as const;
  return { ...common, userId: 'ada', asset: 'GOLD', amount: 1n, source: '@issuance', ...annotations };
}

function posting(requestId: string, count: number): PostTransactionCommand {
  const legs = Array.from({ length: count }, (_, n) => ({
    ...{ userId: `u-${n}`, asset: 'GOLD', change: n % 2 === 0 ? 1n : -1n, expectedSequence: null },
  }));
  const common = { kind: 'PostTransaction', scope: 'ada', requestId, caller: '' } as const;
  return { ...common, userId: 'ada', legs, ...annotations };
}
