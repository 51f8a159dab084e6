import type { Command } from '../ledger/command';
import { contentHash } from '../ledger/content-hash';
import { Rejection, type Answer } from './answer';
import { BatchRunner, type BatchRunnerSettings } from './batch-runner';
import { Lane } from './lane';

/** How writes are gathered. */
export interface GroupCommitSettings extends BatchRunnerSettings {
  /** Batches that run at the same time; each has a connection of its own. */
  readonly lanes: number;
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** The most writes that may wait, over all lanes. */
  readonly queueMax: number;
}

/** What a caller says about its patience. */
export interface SubmitOptions {
  /** Milliseconds since 1970; Infinity: none. Counts while the write waits, not once it runs. */
  readonly deadline: number;
  readonly isCancelled: () => boolean;
}

/** The one way in for writes: gathers them into batches and answers when they are on disk. */
export class GroupCommit {
  private readonly runners: BatchRunner[];
  private readonly lanes: Lane[];
  private waiting = 0;
  private stopping = false;

  constructor(private readonly settings: GroupCommitSettings) {
    this.runners = Array.from({ length: settings.lanes }, () => new BatchRunner(settings));
    this.lanes = this.runners.map(
      (runner) =>
        new Lane(runner, settings.batchMax, (count) => {
          this.waiting -= count;
        }),
    );
  }

  /**
   * Carries a write out, once for its request id however often it is sent.
   *
   * @throws Rejection when it got no outcome
   */
  submit(command: Command, options: SubmitOptions): Promise<Answer> {
    if (this.stopping) {
      return Promise.reject(new Rejection('STORE_UNAVAILABLE', 'the server is stopping'));
    }
    if (this.waiting >= this.settings.queueMax) {
      const limit = this.settings.queueMax.toString();
      return Promise.reject(new Rejection('OVERLOADED', `${limit} writes are waiting`, { limit }));
    }
    this.waiting += 1;
    return new Promise((resolve, reject) => {
      this.laneOf(command.scope).enqueue({
        command,
        contentHash: contentHash(command),
        ...options,
        resolve,
        reject,
      });
    });
  }

  /** Takes no more writes, finishes those that were taken and gives the connections back. */
  async drain(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.lanes.map((lane) => lane.idle()));
    await Promise.all(this.runners.map((runner) => runner.release()));
  }

  /** Writes of one scope share a lane: they would wait for each other's row anyway. */
  private laneOf(scope: string): Lane {
    let hash = 0;
    if (this.lanes.length > 1) {
      for (let i = 0; i < scope.length; i += 1) hash = (Math.imul(hash, 31) + scope.charCodeAt(i)) >>> 0;
    }
    const lane = this.lanes[hash % this.lanes.length];
    if (lane === undefined) throw new RangeError('a group commit needs a lane');
    return lane;
  }
}
