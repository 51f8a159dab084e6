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
import { WriteScheduler, type WriteSchedulerSettings } from './write-scheduler';

/** How writes become batches. */
export interface GroupCommitSettings
  extends BatchRunnerSettings, WriteSchedulerSettings, Omit<LockWaitSettings, 'lockTimeoutMs'> {
  /** Batches that run at the same time, and as many again of bulk jobs; each worker has a connection of its own. */
  readonly batchWorkers: number;
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

  /** How many more single writes may wait. */
  get places(): number {
    return Math.max(0, this.settings.queueMax - this.writes.waiting);
  }

  /**
   * Whether a write that is to be submitted next would be let in, as far as that can be told without it.
   *
   * @throws CallError OVERLOADED when it would wait too long
   */
  admit(limit: WaitLimit): void {
    const refusal = this.writes.refusal(limit);
    if (refusal !== null) throw refusal;
  }

  /**
   * Carries a write out, once for its request id however often it is sent.
   *
   * @throws CallError when it got no outcome
   */
  submit(command: Command, { peer, requestBytes, deadline, isCancelled }: WaitLimit): Promise<CallResult> {
    if (this.stopping) return Promise.reject(isStopping());
    return new Promise((resolve, reject) => {
      this.writes.push({
        ...{ command, contentHash: contentHash(command) },
        ...{ peer, requestBytes, deadline, isCancelled, resolve, reject },
      });
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
    { peer, requestBytes, deadline, isCancelled }: WaitLimit,
    { answer, booked }: Pick<IndependentJob<Answer>, 'answer' | 'booked'>,
  ): Promise<Answer[]> {
    const writes = await inPortions(commands, writeOf);
    const refusal = this.bulkRefusal(peer, commands.length);
    if (refusal !== null) return writes.map((write) => answer(write, refusal));
    return this.bulk.enqueue({ writes, peer, requestBytes, deadline, isCancelled, answer, booked });
  }

  /**
   * Carries many writes out, all or none, once for the request id of the envelope.
   *
   * @throws CallError when it got no outcome
   */
  async submitAtomic(
    { requestId, caller, omitBodies }: Pick<Envelope, 'requestId' | 'caller' | 'omitBodies'>,
    commands: readonly Command[],
    { peer, requestBytes, deadline, isCancelled }: WaitLimit,
  ): Promise<CallResult> {
    const writes = await inPortions(commands, writeOf);
    const refusal = this.bulkRefusal(peer, commands.length);
    if (refusal !== null) throw refusal;
    const hash = batchContentHash(
      caller,
      omitBodies,
      writes.map((write) => ({ requestId: write.command.requestId, contentHash: write.contentHash })),
    );
    const envelope = { scope: BATCH_SCOPE, requestId, caller, omitBodies, contentHash: hash };
    const result = await this.bulk.enqueueAtomic({
      ...{ envelope, writes, peer, requestBytes, deadline, isCancelled },
    });
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

  private bulkRefusal(peer: string, count: number): NoOutcome | null {
    if (this.stopping) return isStopping();
    // The second half of twice as much is for those who have nothing waiting: nobody fills the queue for others.
    const { bulkQueueMax } = this.settings;
    const most = this.bulk.waitingOf(peer) === 0 ? 2 * bulkQueueMax : bulkQueueMax;
    if (this.bulk.waiting + count <= most) return null;
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
