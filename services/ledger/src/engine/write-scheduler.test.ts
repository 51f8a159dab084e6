import { Rejection, type Answer } from './answer';
import type { BatchRunner, Settlement } from './batch-runner';
import { WriteLanes, type WaitingWrite } from './write-scheduler';

const BATCH_MAX = 128;
const LONG_MS = 60_000;

const answer: Answer = { code: 0, reason: '', bytes: Buffer.alloc(0), replayed: false, batchSize: 1 };

/** A connection whose batches run until they are let go, or not at all. */
class FakeRunner {
  readonly batches: string[][] = [];
  private readonly held: (() => void)[] = [];

  constructor(private readonly holds = false) {}

  async run(writes: readonly WaitingWrite[]): Promise<Settlement[]> {
    this.batches.push(writes.map(({ command }) => command.requestId));
    if (this.holds) await new Promise<void>((resolve) => this.held.push(resolve));
    return writes.map(({ command }) =>
      command.requestId === 'r-7'
        ? new Rejection('INTERNAL', 'the seventh')
        : { ...answer, bytes: Buffer.from(command.requestId) },
    );
  }

  letGo(): void {
    this.held.shift()?.();
  }
}

function lanesOf(runners: readonly FakeRunner[], gatherMs = LONG_MS): WriteLanes {
  return new WriteLanes(runners as unknown as readonly BatchRunner[], { batchMax: BATCH_MAX, gatherMs });
}

let told: string[];
beforeEach(() => {
  told = [];
});

function push(lanes: WriteLanes, requestId: string, isCancelled = false): void {
  lanes.push({
    command: { requestId } as WaitingWrite['command'],
    contentHash: Buffer.alloc(0),
    deadline: Infinity,
    isCancelled: () => isCancelled,
    resolve: ({ bytes }) => told.push(bytes.toString()),
    reject: ({ message }) => told.push(message),
  });
}

function pushMany(lanes: WriteLanes, count: number, prefix = 'r'): void {
  for (let index = 0; index < count; index += 1) push(lanes, `${prefix}-${index}`);
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
  const lanes = lanesOf([new FakeRunner()]);
  pushMany(lanes, 300);
  await lanes.idle();
  expect(told.sort()).toEqual(
    Array.from({ length: 300 }, (_, index) => (index === 7 ? 'the seventh' : `r-${index}`)).sort(),
  );
  expect(lanes.waiting).toBe(0);
});

it('starts at once for a write that meets no running batch', async () => {
  const runners = [new FakeRunner(), new FakeRunner()];
  const lanes = lanesOf(runners);
  push(lanes, 'first');
  await lanes.idle();
  push(lanes, 'second');
  await lanes.idle();
  expect(told).toEqual(['first', 'second']);
});

it('lets the next batch gather while one runs, and begins beside it only when it is full', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const lanes = lanesOf(runners);
  push(lanes, 'first');
  await turns();
  pushMany(lanes, BATCH_MAX - 1, 'gathered');
  await turns();
  expect(sizes(runners)).toEqual([1]);
  push(lanes, 'last');
  await turns();
  expect(sizes(runners).sort()).toEqual([1, BATCH_MAX]);
  runners.forEach((runner) => runner.letGo());
  await lanes.idle();
  expect(told).toHaveLength(BATCH_MAX + 1);
});

it('takes what has gathered when the batches before it are done, the last of them', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const lanes = lanesOf(runners);
  pushMany(lanes, 2 * BATCH_MAX);
  await turns();
  expect(sizes(runners)).toEqual([BATCH_MAX, BATCH_MAX]);
  push(lanes, 'late');
  runners[0]?.letGo();
  await turns();
  expect(sizes(runners)).toEqual([BATCH_MAX, BATCH_MAX]);
  runners[1]?.letGo();
  await turns();
  expect(batchesOf(runners).filter((batch) => batch.length === 1)).toEqual([['late']]);
  runners.forEach((runner) => runner.letGo());
  await lanes.idle();
  expect(told).toContain('late');
});

it('does not wait longer than it may for a batch that is held up', async () => {
  const runners = [new FakeRunner(true), new FakeRunner(true)];
  const lanes = lanesOf(runners, 5);
  push(lanes, 'held up');
  await turns();
  push(lanes, 'patient');
  while (sizes(runners).length < 2) await turns(1);
  expect(batchesOf(runners).sort()).toEqual([['held up'], ['patient']]);
  // Patience is for each batch anew.
  runners.find(({ batches }) => batches.some((batch) => batch.includes('patient')))?.letGo();
  while (!told.includes('patient')) await turns(1);
  push(lanes, 'next');
  await turns();
  expect(sizes(runners)).toHaveLength(2);
  while (sizes(runners).length < 3) await turns(1);
  runners.forEach((runner) => runner.letGo());
  await lanes.idle();
  expect(told.sort()).toEqual(['held up', 'next', 'patient']);
});

it.each([
  ['a lane that is idle by then', 3],
  ['the lane that is done first', 2],
])('has patience with what a batch left behind as well, and gives it to %s', async (_, count) => {
  const runners = Array.from({ length: count }, () => new FakeRunner(true));
  const lanes = lanesOf(runners, 5);
  push(lanes, 'held up');
  await turns();
  pushMany(lanes, BATCH_MAX + 1);
  await turns();
  const full = runners.find(({ batches }) => batches.some((batch) => batch.length === BATCH_MAX));
  if (count === 2) full?.letGo();
  while (sizes(runners).length < 3) await turns(1);
  expect(sizes(runners).sort()).toEqual([1, 1, BATCH_MAX]);
  runners.forEach((runner) => runner.letGo());
  await lanes.idle();
  expect(told).toHaveLength(BATCH_MAX + 2);
});

it('goes on to those who wait still when a whole batch of callers has gone', async () => {
  const runner = new FakeRunner();
  const lanes = lanesOf([runner]);
  for (let index = 0; index < 3; index += 1) push(lanes, `gone-${index}`, true);
  push(lanes, 'here');
  await lanes.idle();
  expect(runner.batches).toEqual([['here']]);
  expect(told).toContain('here');
  expect(told).toHaveLength(4);
});
