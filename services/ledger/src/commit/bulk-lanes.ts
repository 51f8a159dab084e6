import { Rejection } from './answer';
import type { BatchRunner, Settlement } from './batch-runner';
import type { Envelope, Write } from './batch-transaction';

/** Many writes of one caller. */
export interface BulkJob {
  readonly writes: readonly Write[];
  /** When their caller stops waiting, in milliseconds since 1970; Infinity: never. */
  readonly deadline: number;
  readonly isCancelled: () => boolean;
}

/** Writes that stand each for itself. */
export interface IndependentJob extends BulkJob {
  /** Once the answers have this size no more writes are started: they would not fit the message that carries them. */
  readonly answerMaxBytes: number;
}

/** Writes that stand together. */
export interface AtomicJob extends BulkJob {
  readonly envelope: Envelope;
}

/**
 * The lanes of large batches, on connections of their own, so that they never stand in front of single writes. Jobs
 * are cut into chunks and take turns, chunk by chunk; the chunks of one job run one after the other.
 */
export class BulkLanes {
  /** How many writes wait. */
  waiting = 0;

  private readonly turns: ((runner: BatchRunner) => Promise<boolean>)[] = [];
  private readonly idleRunners: BatchRunner[];
  private readonly working = new Set<Promise<void>>();

  constructor(
    runners: readonly BatchRunner[],
    private readonly chunkMax: number,
  ) {
    this.idleRunners = [...runners];
  }

  /** Settles each write, in order; what was not started in time is rejected. */
  enqueue(job: IndependentJob): Promise<Settlement[]> {
    const settled: Settlement[] = [];
    let bytes = 0;
    return this.schedule(job, async (runner) => {
      const rest = job.writes.slice(settled.length);
      const refusal = bytes >= job.answerMaxBytes ? answerIsFull(job) : notStarted(job);
      const chunk = rest.slice(0, this.chunkMax);
      const results = refusal === null ? await runner.run(chunk) : rest.map(() => refusal);
      settled.push(...results);
      this.waiting -= results.length;
      for (const result of results) bytes += result instanceof Rejection ? 0 : result.bytes.length;
      return settled.length < job.writes.length ? null : settled;
    });
  }

  /** Settles the job as a whole, in one database transaction. */
  enqueueAtomic(job: AtomicJob): Promise<Settlement> {
    return this.schedule(job, async (runner) => {
      const refusal = notStarted(job);
      const settled = refusal ?? (await runner.runAtomic(job.envelope, job.writes));
      this.waiting -= job.writes.length;
      return settled;
    });
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
  }

  /** Gives a job its turns until one of them has the result. */
  private schedule<T>(job: BulkJob, turn: (runner: BatchRunner) => Promise<T | null>): Promise<T> {
    this.waiting += job.writes.length;
    return new Promise((resolve, reject) => {
      this.turns.push(async (runner) => {
        try {
          const result = await turn(runner);
          if (result === null) return false;
          resolve(result);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        return true;
      });
      this.wake();
    });
  }

  private wake(): void {
    const runner = this.idleRunners.pop();
    if (runner === undefined) return;
    const work = this.work(runner);
    this.working.add(work);
    void work.then(() => this.working.delete(work));
  }

  private async work(runner: BatchRunner): Promise<void> {
    for (let turn = this.turns.shift(); turn !== undefined; turn = this.turns.shift()) {
      const done = await turn(runner);
      if (!done) this.turns.push(turn);
    }
    this.idleRunners.push(runner);
  }
}

function notStarted(job: BulkJob): Rejection | null {
  if (job.isCancelled())
    return new Rejection('CANCELLED', 'the caller went away before the write was started');
  if (job.deadline > Date.now()) return null;
  return new Rejection('NOT_STARTED', 'the deadline passed while the write waited');
}

function answerIsFull(job: IndependentJob): Rejection {
  const limit = job.answerMaxBytes.toString();
  return new Rejection('OVERLOADED', `the answer is full at ${limit} bytes: send the rest again`, { limit });
}
