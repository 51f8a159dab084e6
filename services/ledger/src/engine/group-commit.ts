import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import { BATCH_SCOPE } from '../ledger/command';
import { batchContentHash, contentHash } from '../ledger/content-hash';
import type { Command } from '../ledger/writes';
import type { Envelope, Write } from './batch-transaction';
import type { BulkScheduler, IndependentJob } from './bulk-scheduler';
import { CellQueue, type CellQueueSettings } from './cell-queue';
import { inPortions } from '@ledger/kit/server/portions';
import type { RequestKey } from './batch-cells';
import { oneCellOf } from './one-cell-of';
import type { WaitLimit } from './wait-limit';
import type { NoOutcome } from './write-result';

/** How writes become batches. */
export interface GroupCommitSettings extends CellQueueSettings {
  /** The most writes of bulk jobs that may wait in the queue of a cell, and in that of several. */
  readonly bulkQueueMax: number;
}

/**
 * The one way in for writes: runs them in batches and answers when they are on disk. Each cell has a queue, so that a batch
 * touches one cell; writes that are known to touch several have one of their own.
 */
export class GroupCommit {
  private readonly queues: readonly CellQueue[];
  private readonly queueOfCell: ReadonlyMap<number, CellQueue>;
  private readonly queueOfSeveral: CellQueue;
  private stopping = false;

  constructor(private readonly settings: GroupCommitSettings) {
    const ofCells = settings.store.placement.cells.map(
      (cell) => [cell, new CellQueue(settings, cell)] as const,
    );
    const [first] = ofCells;
    this.queueOfCell = new Map(ofCells);
    this.queueOfSeveral =
      first !== undefined && ofCells.length === 1 ? first[1] : new CellQueue(settings, null);
    this.queues = [...new Set([...this.queueOfCell.values(), this.queueOfSeveral])];
  }

  /** How many more single writes may wait, wherever they belong. */
  get places(): number {
    const most = Math.max(...this.queues.map(({ writes }) => writes.waiting));
    return Math.max(0, this.settings.queueMax - most);
  }

  /**
   * Whether a write that is to be submitted next would be let in, as far as that can be told without it.
   *
   * @throws CallError OVERLOADED when it would wait too long
   */
  admit(limit: WaitLimit): void {
    let refusal: NoOutcome | null = null;
    for (const { writes } of this.queues) {
      refusal = writes.refusal(limit);
      if (refusal === null) return;
    }
    if (refusal !== null) throw refusal;
  }

  /**
   * Carries a write out, once for its request id however often it is sent.
   *
   * @throws CallError when it got no outcome
   */
  submit(command: Command, { peer, requestBytes, deadline, isCancelled }: WaitLimit): Promise<CallResult> {
    if (this.stopping) return Promise.reject(isStopping());
    const { writes } = this.queueFor([command], [command]);
    return new Promise((resolve, reject) => {
      writes.push({
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
    // As a whole, so that the order of its writes stays.
    const { bulk } = this.queueFor(commands, commands);
    const refusal = this.bulkRefusal(bulk, peer, commands.length);
    if (refusal !== null) return writes.map((write) => answer(write, refusal));
    return bulk.enqueue({ writes, peer, requestBytes, deadline, isCancelled, answer, booked });
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
    const { bulk } = this.queueFor(commands, [...commands, { scope: BATCH_SCOPE, requestId }]);
    const refusal = this.bulkRefusal(bulk, peer, commands.length);
    if (refusal !== null) throw refusal;
    const hash = batchContentHash(
      caller,
      omitBodies,
      writes.map((write) => ({ requestId: write.command.requestId, contentHash: write.contentHash })),
    );
    const envelope = { scope: BATCH_SCOPE, requestId, caller, omitBodies, contentHash: hash };
    const result = await bulk.enqueueAtomic({
      ...{ envelope, writes, peer, requestBytes, deadline, isCancelled },
    });
    if (result instanceof CallError) throw result;
    return result;
  }

  /** Takes no more writes, finishes those that were taken and gives the connections back. */
  async drain(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.queues.map((queue) => queue.drain()));
  }

  private queueFor(commands: readonly Command[], requests: readonly RequestKey[]): CellQueue {
    if (this.queues.length === 1) return this.queueOfSeveral;
    const cell = oneCellOf(this.settings.store.placement, commands, requests);
    return (cell === null ? undefined : this.queueOfCell.get(cell)) ?? this.queueOfSeveral;
  }

  private bulkRefusal(bulk: BulkScheduler, peer: string, count: number): NoOutcome | null {
    if (this.stopping) return isStopping();
    // The second half of twice as much is for those who have nothing waiting: nobody fills the queue for others.
    const { bulkQueueMax } = this.settings;
    const most = bulk.waitingOf(peer) === 0 ? 2 * bulkQueueMax : bulkQueueMax;
    if (bulk.waiting + count <= most) return null;
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
