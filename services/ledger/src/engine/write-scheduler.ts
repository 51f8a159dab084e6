import { Rejection, type Answer } from './answer';
import type { BatchRunner, Settlement } from './batch-runner';
import type { Write } from './batch-transaction';
import { Crew } from './worker-pool';
import { notStarted, type Patience } from './wait-limit';

/** A write that waits for its batch. */
export interface WaitingWrite extends Write, Patience {
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
      const refusal = notStarted(write, now);
      if (refusal === null) batch.push(write);
      else write.reject(refusal);
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
  private readonly crew: Crew;
  /** How many batches are on disk whose callers have not all been answered. */
  private answering = 0;
  /** Runs while writes gather beside a batch that may be held up, by a row that somebody else has locked. */
  private patience: NodeJS.Timeout | null = null;
  private isOutOfPatience = false;

  constructor(
    runners: readonly BatchRunner[],
    private readonly settings: WriteLanesSettings,
  ) {
    this.crew = new Crew(runners, (runner) => this.next(runner));
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
    await this.crew.rest();
    while (this.answering > 0) await nextTurn();
  }

  /** Puts an idle lane to work, when there is one and it is time. */
  private begin(): void {
    if (!this.crew.hasIdle) return;
    // What arrives in the same turn of the event loop shares the first batch.
    if (this.isTime(this.crew.atWork)) this.crew.wake(nextTurn());
    else this.bePatient();
  }

  /** Whether a lane is to take a batch, by how many others are at work. While writes wait one is: none is forgotten. */
  private isTime(othersAtWork: number): boolean {
    const { length } = this.queue;
    return length > 0 && (length >= this.settings.batchMax || othersAtWork === 0 || this.isOutOfPatience);
  }

  private bePatient(): void {
    this.patience ??= setTimeout(() => {
      this.patience = null;
      this.isOutOfPatience = true;
      this.begin();
    }, this.settings.gatherMs);
  }

  private next(runner: BatchRunner): Promise<void> | null {
    while (this.isTime(this.crew.atWork - 1)) {
      const batch = this.take();
      if (batch.length > 0) return this.run(runner, batch);
    }
    // What is left gathers beside the other lanes.
    if (this.queue.length > 0) this.bePatient();
    return null;
  }

  private async run(runner: BatchRunner, batch: readonly WaitingWrite[]): Promise<void> {
    // Two batches may want the same account: the second one waits for its row while the first one commits, and goes on
    // from there without a round trip.
    const settlements = await runner.run(batch);
    // Not waited for: the next batch is sent off first, and the database works on it while these callers are answered.
    void this.answer(batch, settlements);
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
