/** @paused: also run by `npm run test:paused`. */
import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { LockAwareRunner } from './lock-aware-runner';
import type { Clock } from './clock';
import type { WriteResult } from './write-result';
import type { WaitingWrite } from './waiting-write';
import { WriteScheduler } from './write-scheduler';

const BATCH_MAX = 128;
const LINGER_MS = 50;

const success: CallResult = { code: 0, reason: '', bytes: Buffer.alloc(0), replayed: false, batchSize: 1 };

/** A connection whose batches run until they are let go, or not at all. */
class FakeRunner {
  readonly batches: string[][] = [];
  private readonly blocked: (() => void)[] = [];

  constructor(private readonly blocks = false) {}

  async run(writes: readonly WaitingWrite[]): Promise<WriteResult[]> {
    this.batches.push(writes.map(({ command }) => command.requestId));
    if (this.blocks) await new Promise<void>((resolve) => this.blocked.push(resolve));
    return writes.map(({ command }) =>
      command.requestId === 'r-7'
        ? new CallError('INTERNAL', 'the seventh')
        : { ...success, bytes: Buffer.from(command.requestId) },
    );
  }

  release(): void {
    this.blocked.shift()?.();
  }
}

/** A clock that stands still until the test moves it. */
class ManualClock implements Clock {
  private readonly timers = new Map<() => void, number>();
  private time = 0;

  now(): number {
    return this.time;
  }

  after(ms: number, callback: () => void): () => void {
    this.timers.set(callback, this.time + ms);
    return () => this.timers.delete(callback);
  }

  advance(ms: number): void {
    this.time += ms;
    for (const [callback, dueTime] of this.timers) {
      if (dueTime > this.time) continue;
      this.timers.delete(callback);
      callback();
    }
  }
}

let answered: string[];
let clock: ManualClock;
beforeEach(() => {
  answered = [];
  clock = new ManualClock();
});

function schedulerOf(runners: readonly FakeRunner[]): WriteScheduler {
  const settings = {
    ...{ batchMax: BATCH_MAX, lingerMs: LINGER_MS },
    ...{ queueMax: 10_000, queueMaxBytes: 10_000_000, queueTargetMs: 1_000 },
  };
  return new WriteScheduler(runners as unknown as readonly LockAwareRunner[], settings, clock);
}

function push(scheduler: WriteScheduler, requestId: string, isCancelled = false, deadline = Infinity): void {
  scheduler.push({
    command: { kind: 'Credit', requestId } as WaitingWrite['command'],
    ...{ peer: 'test', requestBytes: 100 },
    contentHash: Buffer.alloc(0),
    deadline,
    isCancelled: () => isCancelled,
    resolve: ({ bytes }) => answered.push(bytes.toString()),
    reject: ({ message }) => answered.push(message),
  });
}

function pushMany(scheduler: WriteScheduler, count: number, prefix = 'r'): void {
  for (let index = 0; index < count; index += 1) push(scheduler, `${prefix}-${index}`);
}

function batchesOf(runners: readonly FakeRunner[]): string[][] {
  return runners.flatMap((runner) => runner.batches);
}

function sizes(runners: readonly FakeRunner[]): number[] {
  return batchesOf(runners).map((batch) => batch.length);
}

async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

it('is idle only when every caller of its batches was answered, each with its own answer', async () => {
  const scheduler = schedulerOf([new FakeRunner()]);
  pushMany(scheduler, 300);
  await scheduler.whenIdle();
  expect(answered.sort()).toEqual(
    Array.from({ length: 300 }, (_, index) => (index === 7 ? 'the seventh' : `r-${index}`)).sort(),
  );
  expect(scheduler.waiting).toBe(0);
});

it('starts at once for a write that meets no running batch', async () => {
  const runners = [new FakeRunner(), new FakeRunner()];
  const scheduler = schedulerOf(runners);
  push(scheduler, 'first');
  await scheduler.whenIdle();
  push(scheduler, 'second');
  await scheduler.whenIdle();
  expect(answered).toEqual(['first', 'second']);
});

it('lets writes linger while a batch runs, and starts the next batch beside it only when that is full', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const scheduler = schedulerOf(runners);
  push(scheduler, 'first');
  await turns();
  pushMany(scheduler, BATCH_MAX - 1, 'lingering');
  await turns();
  expect(sizes(runners)).toEqual([1]);
  push(scheduler, 'last');
  await turns();
  expect(sizes(runners).sort()).toEqual([1, BATCH_MAX]);
  runners.forEach((runner) => runner.release());
  await scheduler.whenIdle();
  expect(answered).toHaveLength(BATCH_MAX + 1);
});

it('starts the batch that has lingered when the last of the batches before it is done', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const scheduler = schedulerOf(runners);
  pushMany(scheduler, 2 * BATCH_MAX);
  await turns();
  expect(sizes(runners)).toEqual([BATCH_MAX, BATCH_MAX]);
  push(scheduler, 'late');
  runners[0]?.release();
  await turns();
  expect(sizes(runners)).toEqual([BATCH_MAX, BATCH_MAX]);
  runners[1]?.release();
  await turns();
  expect(batchesOf(runners).filter((batch) => batch.length === 1)).toEqual([['late']]);
  runners.forEach((runner) => runner.release());
  await scheduler.whenIdle();
  expect(answered).toContain('late');
});

it('stops lingering after its limit when the running batch is held up', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const scheduler = schedulerOf(runners);
  push(scheduler, 'held up');
  await turns();
  push(scheduler, 'lingering');
  clock.advance(LINGER_MS - 1);
  await turns();
  expect(sizes(runners)).toEqual([1]);
  clock.advance(1);
  await turns();
  expect(batchesOf(runners).sort()).toEqual([['held up'], ['lingering']]);
  // Each batch lingers anew.
  runners.find(({ batches }) => batches.some((batch) => batch.includes('lingering')))?.release();
  while (!answered.includes('lingering')) await turns(1);
  push(scheduler, 'next');
  clock.advance(LINGER_MS - 1);
  await turns();
  expect(sizes(runners)).toHaveLength(2);
  clock.advance(1);
  await turns();
  expect(sizes(runners)).toHaveLength(3);
  runners.forEach((runner) => runner.release());
  await scheduler.whenIdle();
  expect(answered.sort()).toEqual(['held up', 'lingering', 'next']);
});

it.each([
  ['a worker that is idle by then', 3],
  ['the worker that is done first', 2],
])('lets the writes that did not fit a batch linger as well, and gives them to %s', async (_, count) => {
  const runners = Array.from({ length: count }, () => new FakeRunner(true));
  const scheduler = schedulerOf(runners);
  push(scheduler, 'held up');
  await turns();
  pushMany(scheduler, BATCH_MAX + 1);
  await turns();
  const full = runners.find(({ batches }) => batches.some((batch) => batch.length === BATCH_MAX));
  if (count === 2) full?.release();
  await turns();
  expect(sizes(runners)).toHaveLength(2);
  clock.advance(LINGER_MS);
  await turns();
  expect(sizes(runners).sort()).toEqual([1, 1, BATCH_MAX]);
  runners.forEach((runner) => runner.release());
  await scheduler.whenIdle();
  expect(answered).toHaveLength(BATCH_MAX + 2);
});

it('does not start a write whose deadline passed while it lingered', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const scheduler = schedulerOf(runners);
  push(scheduler, 'held up');
  await turns();
  push(scheduler, 'late', false, LINGER_MS);
  push(scheduler, 'in time', false, LINGER_MS + 1);
  clock.advance(LINGER_MS);
  await turns();
  expect(batchesOf(runners).sort()).toEqual([['held up'], ['in time']]);
  expect(answered).toEqual(['the deadline passed while the write waited']);
  runners.forEach((runner) => runner.release());
  await scheduler.whenIdle();
});

it('goes on to the callers who still wait when a whole batch of callers has gone', async () => {
  const runner = new FakeRunner();
  const scheduler = schedulerOf([runner]);
  for (let index = 0; index < 3; index += 1) push(scheduler, `gone-${index}`, true);
  push(scheduler, 'here');
  await scheduler.whenIdle();
  expect(runner.batches).toEqual([['here']]);
  expect(answered).toContain('here');
  expect(answered).toHaveLength(4);
});
