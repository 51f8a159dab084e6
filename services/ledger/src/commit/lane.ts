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

/** Writes that wait, in order of arrival, for whichever lane is free first. */
export class WriteQueue {
  private readonly writes: WaitingWrite[] = [];

  get length(): number {
    return this.writes.length;
  }

  push(write: WaitingWrite): void {
    this.writes.push(write);
  }

  /** Takes the next writes whose callers still wait; settles the others. */
  take(most: number): WaitingWrite[] {
    const batch: WaitingWrite[] = [];
    const now = Date.now();
    let taken = 0;
    while (batch.length < most && taken < this.writes.length) {
      const write = this.writes[taken];
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
    this.writes.splice(0, taken);
    return batch;
  }
}

/**
 * How many callers are answered in one turn of the event loop. Between two turns it sees to what the database has sent,
 * which another batch waits for: 5 % more throughput than all 128 at once. With 16 the sockets are written too often.
 */
const ANSWERS_PER_TURN = 32;

/**
 * One stream of batches on one connection. While it is at work the next batch gathers in the queue; an idle lane
 * starts at once, so a lone caller waits for nobody.
 */
export class Lane {
  private working: Promise<void> | null = null;
  /** How many batches are on disk whose callers have not all been answered. */
  private answering = 0;

  constructor(
    private readonly runner: BatchRunner,
    private readonly queue: WriteQueue,
    private readonly batchMax: number,
  ) {}

  get isIdle(): boolean {
    return this.working === null;
  }

  /** Has it work until the queue is empty. */
  wake(): void {
    this.working ??= this.work();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.working !== null) await this.working;
    while (this.answering > 0) await nextTurn();
  }

  private async work(): Promise<void> {
    // What arrives in the same turn of the event loop shares the first batch.
    await nextTurn();
    while (this.queue.length > 0) {
      const batch = this.queue.take(this.batchMax);
      if (batch.length === 0) continue;
      const settlements = await this.runner.run(batch);
      // Not waited for: the next batch is sent off first, and the database works on it while these callers are answered.
      void this.answer(batch, settlements);
    }
    this.working = null;
  }

  private async answer(batch: readonly WaitingWrite[], settlements: readonly Settlement[]): Promise<void> {
    this.answering += 1;
    for (let from = 0; from < batch.length; from += ANSWERS_PER_TURN) {
      await nextTurn();
      const portion = batch.slice(from, from + ANSWERS_PER_TURN);
      portion.forEach((write, offset) => settle(write, settlements[from + offset]));
    }
    this.answering -= 1;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function settle(write: WaitingWrite, settlement: Settlement | undefined): void {
  if (settlement === undefined) write.reject(new Rejection('INTERNAL', 'a write was not settled'));
  else if (settlement instanceof Rejection) write.reject(settlement);
  else write.resolve(settlement);
}
