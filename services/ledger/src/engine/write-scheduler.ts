import { CallError } from '@ledger/kit/rpc/call-error';
import { systemClock, type Clock } from './clock';
import type { BatchResult, LockAwareRunner } from './lock-aware-runner';
import { DrainTime } from './drain-time';
import type { WaitLimit } from './wait-limit';
import type { WaitingWrite } from './waiting-write';
import { WorkerPool } from './worker-pool';
import { WriteQueue, type WriteQueueSettings } from './write-queue';
import { SetApart, type NoOutcome } from './write-result';

/** How single writes become batches. */
export interface WriteSchedulerSettings extends WriteQueueSettings {
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
  private readonly drain: DrainTime;
  private readonly workers: WorkerPool<LockAwareRunner>;
  /** How many batches are on disk whose callers have not all been answered. */
  private answering = 0;
  /** Runs while writes linger beside a batch, which may be held up by a row that somebody else has locked. */
  private stopLingering: (() => void) | null = null;
  private lingerExpired = false;

  constructor(
    runners: readonly LockAwareRunner[],
    private readonly settings: WriteSchedulerSettings,
    private readonly clock: Clock = systemClock,
  ) {
    this.drain = new DrainTime({ batchMax: settings.batchMax, workers: runners.length });
    this.queue = new WriteQueue(settings, this.drain, clock);
    this.workers = new WorkerPool(runners, (runner) => this.next(runner));
  }

  /** How many writes wait. */
  get waiting(): number {
    return this.queue.length;
  }

  /** Why a write would wait too long; null: it would not. */
  refusal(limit: WaitLimit): NoOutcome | null {
    return this.queue.refusal(limit);
  }

  /** Takes a write in; it is resolved when its outcome is on disk, and rejected at once when it would wait too long. */
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
    const started = this.clock.now();
    const results = await runner.run(batch, (write) => write);
    this.drain.observe(this.clock.now() - started);
    // Not waited for: the next batch is sent off first, and the database works on it while these callers are answered.
    void this.answer(batch, results);
  }

  private take(): WaitingWrite[] {
    this.stopLingering?.();
    this.stopLingering = null;
    this.lingerExpired = false;
    return this.queue.take();
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
