import { DrainTime } from './drain-time';
import { WriteQueue } from './write-queue';
import type { WaitingWrite } from './waiting-write';

const BATCH_MAX = 10;
const TARGET_MS = 1_000;
const REQUEST_BYTES = 100;

let time: number;
let drain: DrainTime;
let queue: WriteQueue;
/** The reason of each write that was refused, by its request id. */
let refused: Map<
  string,
  { reason: string; metadata: Readonly<Record<string, string>>; retryAfterMs?: number | undefined }
>;

beforeEach(() => {
  time = 0;
  refused = new Map();
  begin(100, 100 * REQUEST_BYTES);
});

function begin(queueMax: number, queueMaxBytes: number): void {
  drain = new DrainTime({ batchMax: BATCH_MAX, workers: 1 });
  const settings = { batchMax: BATCH_MAX, queueMax, queueMaxBytes, queueTargetMs: TARGET_MS };
  queue = new WriteQueue(settings, drain, { now: () => time, after: () => () => undefined });
}

function push(peer: string, count: number, deadline = Infinity, name = peer, isGone = false): void {
  for (let n = 0; n < count; n += 1) {
    const requestId = `${name}-${n}`;
    queue.push({
      command: { kind: 'Credit', requestId } as WaitingWrite['command'],
      ...{ contentHash: Buffer.alloc(0), peer, requestBytes: REQUEST_BYTES, deadline },
      isCancelled: () => isGone,
      resolve: () => undefined,
      reject: (error) => refused.set(requestId, error),
    });
  }
}

function countOf(peer: string, batch: readonly WaitingWrite[]): number {
  return batch.filter((write) => write.peer === peer).length;
}

it('knows of no wait before the first batch', () => {
  push('a', 50);
  expect([queue.length, refused.size]).toEqual([50, 0]);
});

describe('beside batches of 400 ms', () => {
  beforeEach(() => drain.observe(400));

  it('refuses what would wait longer than the target, and says when to come again', () => {
    // Two batches are before the twenty-first, which would be answered after 1,200 ms.
    push('a', 21);
    expect([...refused.keys()]).toEqual(['a-20']);
    expect(refused.get('a-20')).toMatchObject({ reason: 'OVERLOADED', metadata: { wait_ms: '1200' } });
    const { retryAfterMs } = refused.get('a-20')!;
    expect(retryAfterMs).toBeGreaterThanOrEqual(600);
    expect(retryAfterMs).toBeLessThanOrEqual(1_800);
  });

  it('refuses what would be answered after the deadline', () => {
    push('a', 20, 500);
    // The eleventh is in the second batch.
    expect(refused.size).toBe(10);
    expect(refused.get('a-10')).toMatchObject({ reason: 'OVERLOADED', metadata: { wait_ms: '800' } });
  });

  it('always takes as much as one batch', () => {
    drain.observe(60_000);
    push('a', 20);
    expect(queue.length).toBe(BATCH_MAX);
  });

  it('reckons for each caller: one that has nothing waiting waits for its turn alone', () => {
    push('greedy', 100);
    expect(refused.size).toBe(80);
    push('polite', 5);
    expect([refused.has('polite-4'), queue.length]).toEqual([false, 25]);
    const batch = queue.take();
    expect([countOf('greedy', batch), countOf('polite', batch)]).toEqual([6, 4]);
  });
});

describe('a full queue', () => {
  beforeEach(() => begin(20, 1_000 * REQUEST_BYTES));

  it('refuses its only caller', () => {
    push('a', 21);
    expect(refused.get('a-20')).toMatchObject({ reason: 'OVERLOADED', metadata: { limit: '20' } });
  });

  it('takes the newest of the caller that has most for one that has less, up to equal shares', () => {
    push('greedy', 20);
    push('polite', 12);
    expect([...refused.keys()]).toEqual([
      ...Array.from({ length: 10 }, (_, n) => `greedy-${19 - n}`),
      ...['polite-10', 'polite-11'],
    ]);
    expect(queue.length).toBe(20);
  });

  it('makes room by those whose callers have gone, once for each batch', () => {
    push('a', 17);
    push('a', 2, Infinity, 'gone', true);
    push('a', 1, 1, 'late');
    time = 1;
    push('a', 3, Infinity, 'new');
    expect([...refused].map(([name, { reason }]) => [name, reason])).toEqual([
      ...[
        ['gone-0', 'CANCELLED'],
        ['gone-1', 'CANCELLED'],
        ['late-0', 'NOT_STARTED'],
      ],
    ]);
    queue.take();
    push('a', 10, Infinity, 'gone too', true);
    push('a', 10, Infinity, 'newer');
    expect([refused.size, queue.length]).toEqual([13, 20]);
    // It is full of callers who wait, or have gone since; and is not searched again before a batch is taken.
    push('a', 1, Infinity, 'newest');
    expect(refused.get('newest-0')).toMatchObject({ reason: 'OVERLOADED' });
  });

  it('is full at its bytes too', () => {
    begin(1_000, 5 * REQUEST_BYTES);
    push('a', 7);
    expect([...refused.keys()]).toEqual(['a-5', 'a-6']);
    expect(refused.get('a-5')).toMatchObject({ metadata: { limit: '500' } });
    queue.take();
    push('a', 5, Infinity, 'again');
    expect(refused.size).toBe(2);
  });
});

describe('a queue that stands above the target', () => {
  it('gives up what waits longest and begins with the newest, and is itself again when it has gone down', () => {
    push('a', 40);
    time = 1_500;
    push('a', 5, Infinity, 'new');
    // The interval in which nobody had waited less than the target begins here.
    expect(queue.take()).toHaveLength(BATCH_MAX);
    time = 1_700;
    const batch = queue.take();
    expect(batch.map(({ command }) => command.requestId)).toEqual([
      'new-4',
      'new-3',
      'new-2',
      'new-1',
      'new-0',
    ]);
    expect(refused.size).toBe(30);
    expect(refused.get('a-39')).toMatchObject({ reason: 'OVERLOADED', metadata: { wait_ms: '1700' } });

    time = 1_900;
    push('a', 12, Infinity, 'later');
    expect(queue.take().map(({ command }) => command.requestId)[0]).toBe('later-0');
  });

  it('lasts no burst: one who waited less shows that it moves', () => {
    push('a', 15);
    time = 1_500;
    expect(queue.take()).toHaveLength(BATCH_MAX);
    expect(queue.take()).toHaveLength(5);
    time = 1_700;
    push('a', 20, Infinity, 'new');
    expect(queue.take()[0]?.command.requestId).toBe('new-0');
    expect(refused.size).toBe(0);
  });
});
