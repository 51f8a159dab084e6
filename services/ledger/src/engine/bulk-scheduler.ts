import { CallError } from '@ledger/kit/rpc/call-error';
import type { BatchRunner } from './batch-runner';
import type { Envelope, Write } from './batch-transaction';
import { notStarted, type WaitLimit } from './wait-limit';
import { WorkerPool } from './worker-pool';
import type { NoOutcome, WriteResult } from './write-result';

/** Many writes of one caller. */
export interface BulkJob extends WaitLimit {
  readonly writes: readonly Write[];
}

/** Writes that are independent of each other. */
export interface IndependentJob extends BulkJob {
  /** Once the answers have this size no more writes are started: they would not fit the message that carries them. */
  readonly answerMaxBytes: number;
}

/** Writes that are booked all or none. */
export interface AtomicJob extends BulkJob {
  readonly envelope: Envelope;
}

/**
 * Runs large batches on workers of their own, so that they never delay single writes. Jobs are cut into chunks and take
 * turns, chunk by chunk; the chunks of one job run one after the other.
 */
export class BulkScheduler {
  /** How many writes wait. */
  waiting = 0;

  private readonly turns: ((runner: BatchRunner) => Promise<boolean>)[] = [];
  private readonly workers: WorkerPool;

  constructor(
    runners: readonly BatchRunner[],
    private readonly chunkMax: number,
  ) {
    this.workers = new WorkerPool(runners, (runner) => this.next(runner));
  }

  /** The result of each write, in order; writes that were not started in time get no outcome. */
  enqueue(job: IndependentJob): Promise<WriteResult[]> {
    const results: WriteResult[] = [];
    let bytes = 0;
    return this.schedule(job, async (runner) => {
      const rest = job.writes.slice(results.length);
      const refusal = bytes >= job.answerMaxBytes ? answerIsFull(job) : notStarted(job, Date.now());
      const chunk = rest.slice(0, this.chunkMax);
      const part = refusal === null ? await runner.run(chunk) : rest.map(() => refusal);
      results.push(...part);
      this.waiting -= part.length;
      for (const result of part) bytes += result instanceof CallError ? 0 : result.bytes.length;
      return results.length < job.writes.length ? null : results;
    });
  }

  /** The result of the job as a whole, from one database transaction. */
  enqueueAtomic(job: AtomicJob): Promise<WriteResult> {
    return this.schedule(job, async (runner) => {
      const refusal = notStarted(job, Date.now());
      const result = refusal ?? (await runner.runAtomic(job.envelope, job.writes));
      this.waiting -= job.writes.length;
      return result;
    });
  }

  /** Resolves when nothing is left to do. */
  whenIdle(): Promise<void> {
    return this.workers.whenIdle();
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
      this.workers.wake();
    });
  }

  private next(runner: BatchRunner): Promise<void> | null {
    const turn = this.turns.shift();
    if (turn === undefined) return null;
    return turn(runner).then((done) => {
      if (!done) this.turns.push(turn);
    });
  }
}

function answerIsFull(job: IndependentJob): NoOutcome {
  const limit = job.answerMaxBytes.toString();
  const message = `the answer is full at ${limit} bytes: send the rest again`;
  return new CallError('OVERLOADED', message, { metadata: { limit } });
}
