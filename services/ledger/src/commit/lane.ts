import { Rejection, type Answer } from './answer';
import type { BatchRunner, Settlement } from './batch-runner';
import type { Write } from './batch-transaction';

/** A write that waits for its batch. */
export interface WaitingWrite extends Write {
  /** When its caller stops waiting, in milliseconds since 1970; Infinity: never. */
  readonly deadline: number;
  /** Whether its caller has gone. */
  readonly isCancelled: () => boolean;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (rejection: Rejection) => void;
}

/**
 * One stream of batches on one connection. While a batch commits the next one gathers; an idle lane starts at
 * once, so a lone caller waits for nobody.
 */
export class Lane {
  private readonly queue: WaitingWrite[] = [];
  private working: Promise<void> | null = null;

  constructor(
    private readonly runner: BatchRunner,
    private readonly batchMax: number,
    /** Told how many writes left the queue. */
    private readonly onTaken: (count: number) => void,
  ) {}

  /** Appends a write. It is settled for certain. */
  enqueue(write: WaitingWrite): void {
    this.queue.push(write);
    this.working ??= this.work();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.working !== null) await this.working;
  }

  private async work(): Promise<void> {
    // What arrives in the same turn of the event loop shares the first batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.take();
      if (batch.length > 0) settle(batch, await this.runner.run(batch));
    }
    this.working = null;
  }

  /** The next writes whose callers still wait. */
  private take(): WaitingWrite[] {
    const batch: WaitingWrite[] = [];
    const now = Date.now();
    let taken = 0;
    while (batch.length < this.batchMax && taken < this.queue.length) {
      const write = this.queue[taken];
      taken += 1;
      if (write === undefined) continue;
      if (write.isCancelled()) {
        write.reject(new Rejection('CANCELLED', 'the caller went away before the write was started'));
      } else if (write.deadline <= now) {
        write.reject(new Rejection('NOT_STARTED', 'the deadline passed while the write waited'));
      } else {
        batch.push(write);
      }
    }
    this.queue.splice(0, taken);
    this.onTaken(taken);
    return batch;
  }
}

function settle(batch: readonly WaitingWrite[], settlements: readonly Settlement[]): void {
  batch.forEach((write, index) => {
    const settlement = settlements[index];
    if (settlement === undefined) write.reject(new Rejection('INTERNAL', 'a write was not settled'));
    else if (settlement instanceof Rejection) write.reject(settlement);
    else write.resolve(settlement);
  });
}
