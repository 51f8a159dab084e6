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
class WriteQueue {
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

/** How single writes become batches. */
export interface WriteLanesSettings {
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** How long writes wait for their batch to fill, at most, while another one runs. */
  readonly gatherMs: number;
}

/**
 * Streams of batches, each on a connection of its own. A write that meets no running batch starts one at once, so a lone
 * caller waits for nobody. While one runs the next gathers, and begins beside it when it is full: a batch costs the
 * database and this process 1.1 ms of CPU whatever its size, so many small ones at the same time take longer than a few
 * large ones (a quarter longer with 64 calls in flight).
 */
export class WriteLanes {
  private readonly queue = new WriteQueue();
  private readonly idleRunners: BatchRunner[];
  private readonly working = new Set<Promise<void>>();
  /** How many batches are on disk whose callers have not all been answered. */
  private answering = 0;
  /** Runs while writes gather beside a batch that may be held up, by a row that somebody else has locked. */
  private patience: NodeJS.Timeout | null = null;
  private isOutOfPatience = false;

  constructor(
    private readonly runners: readonly BatchRunner[],
    private readonly settings: WriteLanesSettings,
  ) {
    this.idleRunners = [...runners];
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.queue.length;
  }

  push(write: WaitingWrite): void {
    this.queue.push(write);
    this.begin();
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
    while (this.answering > 0) await nextTurn();
  }

  /** Puts an idle lane to work, when there is one and it is time. */
  private begin(): void {
    if (this.idleRunners.length === 0) return;
    if (this.isTimeFor(this.idleRunners.length)) this.wake();
    else this.patience ??= setTimeout(() => this.losePatience(), this.settings.gatherMs);
  }

  /**
   * Whether a lane is to take a batch. While writes wait a lane is at work, so that none is forgotten.
   *
   * @param idle how many lanes have nothing to do, this one among them
   */
  private isTimeFor(idle: number): boolean {
    const { length } = this.queue;
    const isAlone = idle === this.runners.length;
    return length > 0 && (length >= this.settings.batchMax || isAlone || this.isOutOfPatience);
  }

  private losePatience(): void {
    this.patience = null;
    this.isOutOfPatience = true;
    this.begin();
  }

  private wake(): void {
    const runner = this.idleRunners.pop();
    if (runner === undefined) return;
    const work = this.work(runner);
    this.working.add(work);
    void work.then(() => this.working.delete(work));
  }

  private async work(runner: BatchRunner): Promise<void> {
    // What arrives in the same turn of the event loop shares the first batch.
    await nextTurn();
    while (this.isTimeFor(this.idleRunners.length + 1)) {
      const batch = this.take();
      if (batch.length === 0) continue;
      // Two batches may want the same account: the second one waits for its row while the first one commits, and goes
      // on from there without a round trip.
      const settlements = await runner.run(batch);
      // Not waited for: the next batch is sent off first, and the database works on it while these callers are answered.
      void this.answer(batch, settlements);
    }
    this.idleRunners.push(runner);
    // What is left gathers beside the other lanes.
    if (this.queue.length > 0) this.begin();
  }

  private take(): WaitingWrite[] {
    if (this.patience !== null) clearTimeout(this.patience);
    this.patience = null;
    this.isOutOfPatience = false;
    return this.queue.take(this.settings.batchMax);
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
