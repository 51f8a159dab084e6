import { FairQueue } from './fair-queue';

const QUANTUM = 2;

let queue: FairQueue<string>;
beforeEach(() => {
  queue = new FairQueue(QUANTUM);
});

function push(caller: string, count: number, cost = 1): void {
  for (let n = 0; n < count; n += 1) queue.push(caller, `${caller}${n}`, cost);
}

function takeAll(newest = false): string[] {
  const taken: string[] = [];
  for (let next = queue.take(newest); next !== undefined; next = queue.take(newest)) taken.push(next);
  return taken;
}

it('gives a single caller all there is, in order', () => {
  push('a', 5);
  expect(takeAll()).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
  expect([queue.length, queue.callers]).toEqual([0, 0]);
});

it('lets callers take turns of a quantum, however much one has', () => {
  push('a', 7);
  push('b', 2);
  push('c', 3);
  expect(takeAll()).toEqual(['a0', 'a1', 'b0', 'b1', 'c0', 'c1', 'a2', 'a3', 'c2', 'a4', 'a5', 'a6']);
});

it('counts what an item costs, also over more than one round', () => {
  push('large', 3, 5);
  push('small', 9);
  const taken = takeAll();
  // Of what costs five, one for five of what costs one, in rounds of two.
  expect(taken.indexOf('large0')).toBe(4);
  expect(taken.indexOf('large1')).toBe(9);
});

it('keeps nothing of a turn for a caller that has nothing left', () => {
  push('a', 1);
  expect(takeAll()).toEqual(['a0']);
  push('b', 4);
  push('a', 4);
  expect(takeAll()).toEqual(['b0', 'b1', 'a0', 'a1', 'b2', 'b3', 'a2', 'a3']);
});

it('takes the newest of a caller on request', () => {
  push('a', 3);
  push('b', 3);
  expect(takeAll(true)).toEqual(['a2', 'a1', 'b2', 'b1', 'a0', 'b0']);
});

it('finds who has most, and takes the newest of it', () => {
  push('a', 2);
  push('b', 3);
  expect(queue.longest()).toBe('b');
  expect(queue.takeNewestOf('b')).toBe('b2');
  expect(queue.takeNewestOf('nobody')).toBeUndefined();
  expect([queue.length, queue.lengthOf('b')]).toEqual([4, 2]);
});

it('takes the oldest of each while they are to go', () => {
  push('a', 3);
  push('b', 1);
  const gone = queue.takeOldestWhile((item) => item !== 'a2');
  expect(gone).toEqual(['a0', 'a1', 'b0']);
  expect([queue.length, queue.callers]).toEqual([1, 1]);
  expect(takeAll()).toEqual(['a2']);
});

it('keeps count over many rounds of adding and taking', () => {
  const left = new Map<string, number>();
  let sum = 0;
  for (let step = 0; step < 20_000; step += 1) {
    const caller = `c${(step * 7) % 5}`;
    if (step % 3 !== 2) {
      queue.push(caller, caller, (step % 4) + 1);
      left.set(caller, (left.get(caller) ?? 0) + 1);
      sum += 1;
      continue;
    }
    const taken = queue.take()!;
    left.set(taken, left.get(taken)! - 1);
    sum -= 1;
  }
  expect(queue.length).toBe(sum);
  for (const [caller, count] of left) expect(queue.lengthOf(caller)).toBe(count);
  expect(takeAll()).toHaveLength(sum);
});
