import { Rejection } from './answer';
import type { BatchRunner, Settlement } from './batch-runner';
import type { Envelope, Write } from './batch-transaction';
import { Crew } from './worker-pool';
import { notStarted, type Patience } from './wait-limit';

/** Many writes of one caller. */
export interface BulkJob extends Patience {
  readonly writes: readonly Write[];
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
  private readonly crew: Crew;

  constructor(
    runners: readonly BatchRunner[],
    private readonly chunkMax: number,
  ) {
    this.crew = new Crew(runners, (runner) => this.next(runner));
  }

  /** Settles each write, in order; what was not started in time is rejected. */
  enqueue(job: IndependentJob): Promise<Settlement[]> {
    const settled: Settlement[] = [];
    let bytes = 0;
    return this.schedule(job, async (runner) => {
      const rest = job.writes.slice(settled.length);
      const refusal = bytes >= job.answerMaxBytes ? answerIsFull(job) : notStarted(job, Date.now());
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
      const refusal = notStarted(job, Date.now());
      const settled = refusal ?? (await runner.runAtomic(job.envelope, job.writes));
      this.waiting -= job.writes.length;
      return settled;
    });
  }

  /** Resolves when nothing is left to do. */
  idle(): Promise<void> {
    return this.crew.rest();
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
      this.crew.wake();
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

function answerIsFull(job: IndependentJob): Rejection {
  const limit = job.answerMaxBytes.toString();
  return new Rejection('OVERLOADED', `the answer is full at ${limit} bytes: send the rest again`, { limit });
}
