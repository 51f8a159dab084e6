import { entriesMax } from '../ledger/entries-max';
import type { Clock } from './clock';
import type { DrainTime } from './drain-time';
import { FairQueue } from './fair-queue';
import { overloaded } from './overloaded';
import { notStarted, type WaitLimit } from './wait-limit';
import type { NoOutcome } from './write-result';
import type { WaitingWrite } from './waiting-write';

/** How much may wait, and for how long. */
export interface WriteQueueSettings {
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** The most writes that may wait. */
  readonly queueMax: number;
  /** The most bytes of requests that may wait. */
  readonly queueMaxBytes: number;
  /** The longest that a write is let wait. */
  readonly queueTargetMs: number;
}

/** What a caller may book in its turn: entries, so that one transaction of many legs counts as many. */
const ENTRIES_PER_TURN = 4;

/** The queue has stood too long when nobody who was taken within an interval had waited less than the target. */
const INTERVAL_MS = 100;

/**
 * Single writes that wait for their batch. Callers take turns. A write is let in when its answer is likely to come before
 * its caller stops waiting, and within the target; so what waits is what will be of use. Where the queue still stands
 * above the target, because batches have become slower since, what waits longest is given up and of each caller the newest
 * comes first, until it has gone down.
 */
export class WriteQueue {
  private readonly queue = new FairQueue<Queued>(ENTRIES_PER_TURN);
  private bytes = 0;
  /** The least that somebody waited of those taken since the interval began. */
  private leastWaitMs = Infinity;
  private intervalEnd = 0;
  private isStanding = false;
  /** Since a batch was taken: a queue that is full of callers who wait is not searched again and again. */
  private mayHaveGone = true;

  constructor(
    private readonly settings: WriteQueueSettings,
    private readonly drain: DrainTime,
    private readonly clock: Clock,
  ) {}

  get length(): number {
    return this.queue.length;
  }

  /** Takes a write in, or rejects it. */
  push(write: WaitingWrite): void {
    const { peer, requestBytes } = write;
    const refusal = this.refusal(write) ?? this.makeRoom(peer, requestBytes);
    if (refusal !== null) {
      write.reject(refusal);
      return;
    }
    this.bytes += requestBytes;
    this.queue.push(peer, { write, since: this.clock.now() }, Math.max(1, entriesMax(write.command)));
  }

  /** Takes the next writes whose callers still wait; rejects the others. */
  take(): WaitingWrite[] {
    const now = this.clock.now();
    this.endInterval(now);
    if (this.isStanding) this.giveUpOldest(now);
    this.mayHaveGone = true;
    const batch: WaitingWrite[] = [];
    while (batch.length < this.settings.batchMax) {
      const next = this.queue.take(this.isStanding);
      if (next === undefined) break;
      const { write, since } = next;
      this.bytes -= write.requestBytes;
      // Of those who wait for nobody but other callers there is nothing to learn.
      if (this.queue.lengthOf(write.peer) > 0) this.leastWaitMs = Math.min(this.leastWaitMs, now - since);
      const refusal = notStarted(write, now);
      if (refusal === null) batch.push(write);
      else write.reject(refusal);
    }
    if (this.queue.length === 0) this.leastWaitMs = 0;
    return batch;
  }

  /** Why a write would wait too long; null: it would not. */
  refusal({ peer, deadline }: WaitLimit): NoOutcome | null {
    const { queueTargetMs, batchMax } = this.settings;
    const waitMs = this.drain.waitMs(this.aheadOf(peer));
    const patienceMs = Math.min(deadline - this.clock.now(), queueTargetMs);
    // What the next batch has room for is always taken: how long that takes is learned from it.
    if (this.queue.length >= batchMax && waitMs > patienceMs) {
      return overloaded(`the answer would take about ${Math.round(waitMs)} ms`, waitMs, {
        wait_ms: Math.round(waitMs).toString(),
      });
    }
    return null;
  }

  /** How many writes are taken before the next one of a caller: each other caller has as many turns until then. */
  private aheadOf(peer: string): number {
    const { queue } = this;
    const own = queue.lengthOf(peer);
    return Math.min(queue.length, (own + 1) * (queue.callers + (own === 0 ? 1 : 0)));
  }

  /** Whoever has most waiting makes room. */
  private makeRoom(peer: string, requestBytes: number): NoOutcome | null {
    const { queueMax, queueMaxBytes } = this.settings;
    while (this.queue.length >= queueMax || this.bytes + requestBytes > queueMaxBytes) {
      if (this.mayHaveGone) {
        this.discardGone();
        continue;
      }
      const limit = (this.queue.length >= queueMax ? queueMax : queueMaxBytes).toString();
      const what = this.queue.length >= queueMax ? 'writes' : 'bytes of writes';
      const own = this.queue.lengthOf(peer);
      const refusal = overloaded(`${limit} ${what} are waiting`, this.drain.waitMs(own), { limit });
      // Whoever has its share already need not look for one that has more.
      const sharers = this.queue.callers + (own === 0 ? 1 : 0);
      const longest = own * sharers < this.queue.length ? this.queue.longest() : undefined;
      if (longest === undefined || this.queue.lengthOf(longest) <= own + 1) return refusal;
      const dropped = this.queue.takeNewestOf(longest);
      if (dropped === undefined) return refusal;
      this.bytes -= dropped.write.requestBytes;
      dropped.write.reject(refusal);
    }
    return null;
  }

  /** Rejects those whose callers do not wait any more. */
  private discardGone(): void {
    this.mayHaveGone = false;
    const now = this.clock.now();
    const isGone = ({ write }: Queued): boolean => notStarted(write, now) !== null;
    for (const { write } of this.queue.takeAll(isGone)) {
      this.bytes -= write.requestBytes;
      const refusal = notStarted(write, now);
      if (refusal !== null) write.reject(refusal);
    }
  }

  private endInterval(now: number): void {
    if (now < this.intervalEnd) return;
    this.isStanding = this.leastWaitMs !== Infinity && this.leastWaitMs > this.settings.queueTargetMs;
    this.leastWaitMs = Infinity;
    this.intervalEnd = now + INTERVAL_MS;
  }

  private giveUpOldest(now: number): void {
    const { queueTargetMs } = this.settings;
    for (const { write, since } of this.queue.takeOldestWhile(({ since }) => now - since > queueTargetMs)) {
      this.bytes -= write.requestBytes;
      const waitedMs = Math.round(now - since);
      write.reject(
        overloaded(`the write waited for ${waitedMs} ms, and batches take longer than they did`, waitedMs, {
          wait_ms: waitedMs.toString(),
        }),
      );
    }
  }
}

interface Queued {
  readonly write: WaitingWrite;
  /** When it came, in milliseconds since 1970. */
  readonly since: number;
}
