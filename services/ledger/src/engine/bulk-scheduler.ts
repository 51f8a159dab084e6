import { entriesMax } from '../ledger/entries-max';
import type { Envelope, Write } from './batch-transaction';
import { systemClock, type Clock } from './clock';
import { FairQueue } from './fair-queue';
import type { LockAwareRunner } from './lock-aware-runner';
import { notStarted, type WaitLimit } from './wait-limit';
import { WorkerPool } from './worker-pool';
import { SetApart, type WriteResult } from './write-result';

/** Many writes of one caller. */
export interface BulkJob extends WaitLimit {
  readonly writes: readonly Write[];
}

/** Writes that are independent of each other. */
export interface IndependentJob<Answer> extends BulkJob {
  /** What the caller gets for a result. The results themselves are not kept: ten thousand of them may be large. */
  readonly answer: (write: Write, result: WriteResult) => Answer;
  /** Which writes, by their index, were booked before: they come after all others. */
  readonly booked: ReadonlySet<number>;
}

/** Writes that are booked all or none. */
export interface AtomicJob extends BulkJob {
  readonly envelope: Envelope;
}

/** A chunk ends at so many entries for each write that it may have, so that a few large writes fill one as well. */
const ENTRIES_PER_WRITE = 8;

/**
 * Runs large batches on workers of their own, so that they never delay single writes. Jobs are cut into chunks; callers take
 * turns, chunk by chunk, and so do the jobs of a caller. The chunks of one job run one after the other.
 */
export class BulkScheduler {
  /** How many writes wait. */
  waiting = 0;

  private readonly turns = new FairQueue<Turn>(1);
  private readonly waitingBy = new Map<string, number>();
  private readonly workers: WorkerPool<LockAwareRunner>;

  constructor(
    runners: readonly LockAwareRunner[],
    private readonly chunkMax: number,
    private readonly clock: Clock = systemClock,
  ) {
    this.workers = new WorkerPool(runners, (runner) => this.next(runner));
  }

  /**
   * The answer to each write, in order; writes that were not started in time get no outcome. Those that are not booked
   * yet are started first: a job that runs out of time with every attempt gets further with each. Writes that were set
   * apart have their results later; the rest of the job does not wait for them.
   */
  async enqueue<Answer>(job: IndependentJob<Answer>): Promise<Answer[]> {
    const order = startOrder(job);
    const answers = new Array<Answer>(order.length);
    const later: Promise<void>[] = [];
    let started = 0;
    await this.schedule(job, async (runner) => {
      const refusal = notStarted(job, this.clock.now());
      const chunk = refusal === null ? this.chunkOf(order, started) : order.slice(started);
      const writes = chunk.map(({ write }) => write);
      const results = refusal === null ? await runner.run(writes, () => job) : writes.map(() => refusal);
      chunk.forEach(({ write, index }, at) => {
        const result = results[at];
        if (result === undefined) throw new RangeError('a write got no result');
        const answer = (final: WriteResult): void => {
          answers[index] = job.answer(write, final);
        };
        if (!(result instanceof SetApart)) {
          answer(result);
          return;
        }
        const answered = result.result.then(answer);
        // It is awaited below, when all chunks are done.
        answered.catch(() => undefined);
        later.push(answered);
      });
      started += chunk.length;
      this.count(job, -chunk.length);
      return started < order.length ? null : true;
    });
    await Promise.all(later);
    return answers;
  }

  /** The result of the job as a whole, from one database transaction. */
  async enqueueAtomic(job: AtomicJob): Promise<WriteResult> {
    const done = await this.schedule(job, async (runner) => {
      const refusal = notStarted(job, this.clock.now());
      const result = refusal ?? (await runner.runAtomic(job.envelope, job.writes, job));
      this.count(job, -job.writes.length);
      return result;
    });
    return done instanceof SetApart ? done.result : done;
  }

  /** How many writes of a caller wait. */
  waitingOf(peer: string): number {
    return this.waitingBy.get(peer) ?? 0;
  }

  /** Resolves when nothing is left to do. */
  whenIdle(): Promise<void> {
    return this.workers.whenIdle();
  }

  private chunkOf(order: readonly Ordered[], from: number): Ordered[] {
    let to = from;
    for (let entries = 0; to < order.length && to - from < this.chunkMax; to += 1) {
      const next = order[to];
      entries += next === undefined ? 0 : entriesMax(next.write.command);
      if (to > from && entries > this.chunkMax * ENTRIES_PER_WRITE) break;
    }
    return order.slice(from, to);
  }

  private count({ peer }: WaitLimit, writes: number): void {
    this.waiting += writes;
    const left = this.waitingOf(peer) + writes;
    if (left === 0) this.waitingBy.delete(peer);
    else this.waitingBy.set(peer, left);
  }

  /** Gives a job its turns until one of them has the result. */
  private schedule<T>(job: BulkJob, turn: (runner: LockAwareRunner) => Promise<T | null>): Promise<T> {
    this.count(job, job.writes.length);
    return new Promise((resolve, reject) => {
      const run = async (runner: LockAwareRunner): Promise<boolean> => {
        try {
          const result = await turn(runner);
          if (result === null) return false;
          resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        return true;
      };
      this.turns.push(job.peer, { peer: job.peer, run });
      this.workers.wake();
    });
  }

  private next(runner: LockAwareRunner): Promise<void> | null {
    const turn = this.turns.take();
    if (turn === undefined) return null;
    return turn.run(runner).then((done) => {
      if (!done) this.turns.push(turn.peer, turn);
    });
  }
}

/** The next chunk of a job. */
interface Turn {
  readonly peer: string;
  /** Returns whether it was the last one. */
  readonly run: (runner: LockAwareRunner) => Promise<boolean>;
}

/** A write and where its answer belongs. */
interface Ordered {
  readonly write: Write;
  readonly index: number;
}

function startOrder({ writes, booked }: IndependentJob<unknown>): Ordered[] {
  const all = writes.map((write, index) => ({ write, index }));
  if (booked.size === 0) return all;
  const isBooked = ({ index }: Ordered): boolean => booked.has(index);
  return [...all.filter((each) => !isBooked(each)), ...all.filter(isBooked)];
}
