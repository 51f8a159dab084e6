import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { Write } from './batch-transaction';
import { systemClock, type Clock } from './clock';
import type { BatchResult, LockAwareRunner } from './lock-aware-runner';
import { notStarted, type WaitLimit } from './wait-limit';
import { WorkerPool } from './worker-pool';
import { SetApart, type NoOutcome } from './write-result';

/** A write that waits for its batch. */
export interface WaitingWrite extends Write, WaitLimit {
  readonly resolve: (result: CallResult) => void;
  readonly reject: (error: NoOutcome) => void;
}

/** How single writes become batches. */
export interface WriteSchedulerSettings {
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** How long writes linger for their batch to fill, at most, while another one runs. */
  readonly lingerMs: number;
}

/**
 * How many callers are answered in one turn of the event loop. Between two turns it handles what the database has sent,
 * which another batch waits for: 5 % more throughput than all 128 at once. With 16 the sockets are written too often.
 */
const ANSWERS_PER_TURN = 32;

/**
 * Runs single writes in batches, each batch on a worker of its own. A write that meets no running batch starts one at
 * once, so a lone caller waits for nobody. While one runs, writes linger, and the next batch begins beside it when it is
 * full: a batch costs the database and this process 1.1 ms of CPU whatever its size, so many small ones at the same time
 * take longer than a few large ones (a quarter longer with 64 calls in flight).
 */
export class WriteScheduler {
  private readonly queue: WriteQueue;
  private readonly workers: WorkerPool<LockAwareRunner>;
  /** How many batches are on disk whose callers have not all been answered. */
  private answering = 0;
  /** Runs while writes linger beside a batch, which may be held up by a row that somebody else has locked. */
  private stopLingering: (() => void) | null = null;
  private lingerExpired = false;
  private mayDiscard = true;

  constructor(
    runners: readonly LockAwareRunner[],
    private readonly settings: WriteSchedulerSettings,
    private readonly clock: Clock = systemClock,
  ) {
    this.queue = new WriteQueue(clock);
    this.workers = new WorkerPool(runners, (runner) => this.next(runner));
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Whether fewer than `max` writes wait. Those whose callers have gone leave a full queue, once for each batch that is
   * taken from it: a queue that is full of callers who wait is not searched again and again.
   */
  hasRoom(max: number): boolean {
    if (this.queue.length < max) return true;
    if (!this.mayDiscard) return false;
    this.mayDiscard = false;
    this.queue.discardGone();
    return this.queue.length < max;
  }

  /** Takes a write in; it is resolved when its outcome is on disk. */
  push(write: WaitingWrite): void {
    this.queue.push(write);
    this.begin();
  }

  /** Resolves when nothing is left to do. */
  async whenIdle(): Promise<void> {
    await this.workers.whenIdle();
    while (this.answering > 0) await nextTurn();
  }

  /** Puts an idle worker to work, when there is one and a batch is to start. */
  private begin(): void {
    if (!this.workers.hasIdle) return;
    // What arrives in the same turn of the event loop shares the first batch.
    if (this.isTime(this.workers.atWork)) this.workers.wake(nextTurn());
    else this.linger();
  }

  /**
   * Whether a worker is to take a batch, by how many others are at work. While writes linger one is at work, and takes
   * them in the end: none is forgotten.
   */
  private isTime(othersAtWork: number): boolean {
    const { length } = this.queue;
    return length > 0 && (length >= this.settings.batchMax || othersAtWork === 0 || this.lingerExpired);
  }

  private linger(): void {
    this.stopLingering ??= this.clock.after(this.settings.lingerMs, () => {
      this.stopLingering = null;
      this.lingerExpired = true;
      this.begin();
    });
  }

  private next(runner: LockAwareRunner): Promise<void> | null {
    while (this.isTime(this.workers.atWork - 1)) {
      const batch = this.take();
      if (batch.length > 0) return this.run(runner, batch);
    }
    // What is left lingers beside the other workers.
    if (this.queue.length > 0) this.linger();
    return null;
  }

  private async run(runner: LockAwareRunner, batch: readonly WaitingWrite[]): Promise<void> {
    // Two batches may want the same account: the second one waits for its row while the first one commits, and goes on
    // from there without a round trip.
    const results = await runner.run(batch, (write) => write);
    // Not waited for: the next batch is sent off first, and the database works on it while these callers are answered.
    void this.answer(batch, results);
  }

  private take(): WaitingWrite[] {
    this.stopLingering?.();
    this.stopLingering = null;
    this.lingerExpired = false;
    this.mayDiscard = true;
    return this.queue.take(this.settings.batchMax);
  }

  private async answer(batch: readonly WaitingWrite[], results: readonly BatchResult[]): Promise<void> {
    this.answering += 1;
    for (let from = 0; from < batch.length; from += ANSWERS_PER_TURN) {
      await nextTurn();
      const portion = batch.slice(from, from + ANSWERS_PER_TURN);
      portion.forEach((write, offset) => complete(write, results[from + offset]));
    }
    this.answering -= 1;
  }
}

/** Writes that wait, in order of arrival, for whichever worker is free first. */
class WriteQueue {
  private writes: WaitingWrite[] = [];

  constructor(private readonly clock: Clock) {}

  get length(): number {
    return this.writes.length;
  }

  push(write: WaitingWrite): void {
    this.writes.push(write);
  }

  /** Rejects those whose callers do not wait any more. */
  discardGone(): void {
    const now = this.clock.now();
    this.writes = this.writes.filter((write) => {
      const refusal = notStarted(write, now);
      if (refusal !== null) write.reject(refusal);
      return refusal === null;
    });
  }

  /** Takes the next writes whose callers still wait; rejects the others. */
  take(max: number): WaitingWrite[] {
    const batch: WaitingWrite[] = [];
    const now = this.clock.now();
    let taken = 0;
    while (batch.length < max && taken < this.writes.length) {
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

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function complete(write: WaitingWrite, result: BatchResult | undefined): void {
  if (result instanceof SetApart) void result.result.then((later) => complete(write, later));
  else if (result === undefined) write.reject(new CallError('INTERNAL', 'a write got no result'));
  else if (result instanceof CallError) write.reject(result);
  else write.resolve(result);
}
