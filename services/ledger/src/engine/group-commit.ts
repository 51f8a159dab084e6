import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import { BATCH_SCOPE } from '../ledger/command';
import { batchContentHash, contentHash } from '../ledger/content-hash';
import type { Command } from '../ledger/writes';
import { BatchRunner, type BatchRunnerSettings } from './batch-runner';
import type { Envelope, Write } from './batch-transaction';
import { BulkScheduler, type IndependentJob } from './bulk-scheduler';
import { inPortions } from '@ledger/kit/server/portions';
import { LockAwareRunner } from './lock-aware-runner';
import { LockWaits, type LockWaitSettings } from './lock-waits';
import type { WaitLimit } from './wait-limit';
import type { NoOutcome } from './write-result';
import { WriteScheduler } from './write-scheduler';

/** How writes become batches. */
export interface GroupCommitSettings extends BatchRunnerSettings, Omit<LockWaitSettings, 'lockTimeoutMs'> {
  /** Batches that run at the same time, and as many again of bulk jobs; each worker has a connection of its own. */
  readonly batchWorkers: number;
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** How long writes linger for their batch to fill, at most, while another one runs. */
  readonly lingerMs: number;
  /** The most writes that may wait, over all workers. */
  readonly queueMax: number;
  /** The most writes of a bulk job that share a database transaction. */
  readonly bulkBatchMax: number;
  /** The most writes of bulk jobs that may wait. */
  readonly bulkQueueMax: number;
}

/** The one way in for writes: runs them in batches and answers when they are on disk. */
export class GroupCommit {
  private readonly lockWaits: LockWaits;
  private readonly runners: readonly BatchRunner[];
  private readonly writes: WriteScheduler;
  private readonly bulk: BulkScheduler;
  private stopping = false;

  constructor(private readonly settings: GroupCommitSettings) {
    const { batchWorkers, bulkBatchMax, sessionLimits } = settings;
    const runnersOf = (count: number): BatchRunner[] =>
      Array.from({ length: count }, () => new BatchRunner(settings));
    const waiting = new BatchRunner(settings);
    this.lockWaits = new LockWaits(waiting, { ...settings, lockTimeoutMs: sessionLimits.lockTimeoutMs });
    const single = runnersOf(batchWorkers);
    const bulk = runnersOf(batchWorkers);
    this.runners = [...single, ...bulk, waiting];
    const lockAware = (runner: BatchRunner): LockAwareRunner => new LockAwareRunner(runner, this.lockWaits);
    this.writes = new WriteScheduler(single.map(lockAware), settings);
    this.bulk = new BulkScheduler(bulk.map(lockAware), bulkBatchMax);
  }

  /**
   * Carries a write out, once for its request id however often it is sent.
   *
   * @throws CallError when it got no outcome
   */
  submit(command: Command, { deadline, isCancelled }: WaitLimit): Promise<CallResult> {
    if (this.stopping) return Promise.reject(isStopping());
    if (!this.writes.hasRoom(this.settings.queueMax)) {
      const limit = this.settings.queueMax.toString();
      return Promise.reject(
        new CallError('OVERLOADED', `${limit} writes are waiting`, { metadata: { limit } }),
      );
    }
    const hash = contentHash(command);
    return new Promise((resolve, reject) => {
      this.writes.push({ command, contentHash: hash, deadline, isCancelled, resolve, reject });
    });
  }

  /**
   * Carries many writes out, each by itself and one after the other. Each write has its answer, in order, whatever
   * becomes of it.
   *
   * @param booked which of them were booked before; they come after all others
   */
  async submitMany<Answer>(
    commands: readonly Command[],
    { deadline, isCancelled }: WaitLimit,
    { answer, booked }: Pick<IndependentJob<Answer>, 'answer' | 'booked'>,
  ): Promise<Answer[]> {
    const writes = await inPortions(commands, writeOf);
    const refusal = this.bulkRefusal(commands.length);
    if (refusal !== null) return writes.map((write) => answer(write, refusal));
    return this.bulk.enqueue({ writes, deadline, isCancelled, answer, booked });
  }

  /**
   * Carries many writes out, all or none, once for the request id of the envelope.
   *
   * @throws CallError when it got no outcome
   */
  async submitAtomic(
    { requestId, caller, omitBodies }: Pick<Envelope, 'requestId' | 'caller' | 'omitBodies'>,
    commands: readonly Command[],
    { deadline, isCancelled }: WaitLimit,
  ): Promise<CallResult> {
    const writes = await inPortions(commands, writeOf);
    const refusal = this.bulkRefusal(commands.length);
    if (refusal !== null) throw refusal;
    const hash = batchContentHash(
      caller,
      omitBodies,
      writes.map((write) => ({ requestId: write.command.requestId, contentHash: write.contentHash })),
    );
    const envelope = { scope: BATCH_SCOPE, requestId, caller, omitBodies, contentHash: hash };
    const result = await this.bulk.enqueueAtomic({ envelope, writes, deadline, isCancelled });
    if (result instanceof CallError) throw result;
    return result;
  }

  /** Takes no more writes, finishes those that were taken and gives the connections back. */
  async drain(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.bulk.whenIdle(), this.writes.whenIdle()]);
    await this.lockWaits.drain();
    // Those that were set apart last.
    await this.writes.whenIdle();
    await Promise.all(this.runners.map((runner) => runner.release()));
  }

  private bulkRefusal(count: number): NoOutcome | null {
    if (this.stopping) return isStopping();
    const { bulkQueueMax } = this.settings;
    if (this.bulk.waiting + count <= bulkQueueMax) return null;
    const limit = bulkQueueMax.toString();
    return new CallError('OVERLOADED', `${limit} writes of batches may wait`, { metadata: { limit } });
  }
}

function isStopping(): NoOutcome {
  return new CallError('STORE_UNAVAILABLE', 'the server is stopping');
}

function writeOf(command: Command): Write {
  return { command, contentHash: contentHash(command) };
}
