import { BATCH_SCOPE, type Command } from '../ledger/command';
import { batchContentHash, contentHash } from '../ledger/content-hash';
import { Rejection, type Answer } from './answer';
import { BatchRunner, type BatchRunnerSettings, type Settlement } from './batch-runner';
import type { Write } from './batch-transaction';
import { BulkLanes } from './bulk-scheduler';
import type { Patience } from './wait-limit';
import { WriteLanes } from './write-scheduler';

/** How writes are gathered. */
export interface GroupCommitSettings extends BatchRunnerSettings {
  /** Batches that run at the same time, and as many again of bulk jobs; each has a connection of its own. */
  readonly lanes: number;
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** How long writes wait for their batch to fill, at most, while another one runs. */
  readonly gatherMs: number;
  /** The most writes that may wait, over all lanes. */
  readonly queueMax: number;
  /** The most writes of a bulk job that share a database transaction. */
  readonly bulkBatchMax: number;
  /** The most writes of bulk jobs that may wait. */
  readonly bulkQueueMax: number;
}

/** The one way in for writes: gathers them into batches and answers when they are on disk. */
export class GroupCommit {
  private readonly runners: BatchRunner[];
  private readonly lanes: WriteLanes;
  private readonly bulkRunners: BatchRunner[];
  private readonly bulk: BulkLanes;
  private stopping = false;

  constructor(private readonly settings: GroupCommitSettings) {
    const runners = (): BatchRunner[] =>
      Array.from({ length: settings.lanes }, () => new BatchRunner(settings));
    this.runners = runners();
    this.lanes = new WriteLanes(this.runners, settings);
    this.bulkRunners = runners();
    this.bulk = new BulkLanes(this.bulkRunners, settings.bulkBatchMax);
  }

  /**
   * Carries many writes out, each by itself and one after the other, on a lane of their own. Never throws: each write is settled, in order.
   *
   * @param answerMaxBytes once the answers have this size no more writes are started
   */
  submitMany(commands: readonly Command[], options: Patience, answerMaxBytes: number): Promise<Settlement[]> {
    const refusal = this.bulkRefusal(commands.length);
    if (refusal !== null) return Promise.resolve(commands.map(() => refusal));
    return this.bulk.enqueue({ writes: commands.map(writeOf), ...options, answerMaxBytes });
  }

  /**
   * Carries many writes out, all or none, once for the request id of the envelope.
   *
   * @throws Rejection when it got no outcome
   */
  async submitAtomic(requestId: string, commands: readonly Command[], options: Patience): Promise<Answer> {
    const refusal = this.bulkRefusal(commands.length);
    if (refusal !== null) throw refusal;
    const writes = commands.map(writeOf);
    const contentHash = batchContentHash(
      writes.map((write) => ({ requestId: write.command.requestId, contentHash: write.contentHash })),
    );
    const settled = await this.bulk.enqueueAtomic({
      envelope: { scope: BATCH_SCOPE, requestId, contentHash },
      writes,
      ...options,
    });
    if (settled instanceof Rejection) throw settled;
    return settled;
  }

  private bulkRefusal(count: number): Rejection | null {
    if (this.stopping) return new Rejection('STORE_UNAVAILABLE', 'the server is stopping');
    const { bulkQueueMax } = this.settings;
    if (this.bulk.waiting + count <= bulkQueueMax) return null;
    const limit = bulkQueueMax.toString();
    return new Rejection('OVERLOADED', `${limit} writes of batches may wait`, { limit });
  }

  /**
   * Carries a write out, once for its request id however often it is sent.
   *
   * @throws Rejection when it got no outcome
   */
  submit(command: Command, options: Patience): Promise<Answer> {
    if (this.stopping) {
      return Promise.reject(new Rejection('STORE_UNAVAILABLE', 'the server is stopping'));
    }
    if (this.lanes.waiting >= this.settings.queueMax) {
      const limit = this.settings.queueMax.toString();
      return Promise.reject(new Rejection('OVERLOADED', `${limit} writes are waiting`, { limit }));
    }
    const hash = contentHash(command);
    const { deadline, isCancelled } = options;
    return new Promise((resolve, reject) => {
      this.lanes.push({ command, contentHash: hash, deadline, isCancelled, resolve, reject });
    });
  }

  /** Takes no more writes, finishes those that were taken and gives the connections back. */
  async drain(): Promise<void> {
    this.stopping = true;
    await Promise.all([this.bulk.idle(), this.lanes.idle()]);
    await Promise.all([...this.bulkRunners, ...this.runners].map((runner) => runner.release()));
  }
}

function writeOf(command: Command): Write {
  return { command, contentHash: contentHash(command) };
}
