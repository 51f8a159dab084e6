import { BatchRunner, type BatchRunnerSettings } from './batch-runner';
import { BulkScheduler } from './bulk-scheduler';
import { LockAwareRunner } from './lock-aware-runner';
import { LockWaits, type LockWaitSettings } from './lock-waits';
import { WriteScheduler, type WriteSchedulerSettings } from './write-scheduler';

/** How the writes of a cell become batches. */
export interface CellQueueSettings
  extends BatchRunnerSettings, WriteSchedulerSettings, Omit<LockWaitSettings, 'lockTimeoutMs'> {
  /** Batches that run at the same time, and as many again of bulk jobs; each worker has a connection of its own. */
  readonly batchWorkers: number;
  /** The most writes of a bulk job that share a database transaction. */
  readonly bulkBatchMax: number;
}

/** The writes of one cell, or those that touch several, with workers of their own. */
export class CellQueue {
  readonly writes: WriteScheduler;
  readonly bulk: BulkScheduler;

  private readonly lockWaits: LockWaits;
  private readonly runners: readonly BatchRunner[];

  /** @param cell null: for writes that touch several */
  constructor(settings: CellQueueSettings, cell: number | null) {
    const { batchWorkers, bulkBatchMax, sessionLimits } = settings;
    const runnersOf = (count: number): BatchRunner[] =>
      Array.from({ length: count }, () => new BatchRunner(settings, cell));
    const waiting = new BatchRunner(settings, cell);
    this.lockWaits = new LockWaits(waiting, { ...settings, lockTimeoutMs: sessionLimits.lockTimeoutMs });
    const single = runnersOf(batchWorkers);
    const bulk = runnersOf(batchWorkers);
    this.runners = [...single, ...bulk, waiting];
    const lockAware = (runner: BatchRunner): LockAwareRunner => new LockAwareRunner(runner, this.lockWaits);
    this.writes = new WriteScheduler(single.map(lockAware), settings);
    this.bulk = new BulkScheduler(bulk.map(lockAware), bulkBatchMax);
  }

  /** Finishes the writes that it has and gives the connections back. */
  async drain(): Promise<void> {
    await Promise.all([this.bulk.whenIdle(), this.writes.whenIdle()]);
    await this.lockWaits.drain();
    // Those that were set apart last.
    await this.writes.whenIdle();
    await Promise.all(this.runners.map((runner) => runner.release()));
  }
}
