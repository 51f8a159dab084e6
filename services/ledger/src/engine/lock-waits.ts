import { CallError } from '@ledger/kit/rpc/call-error';
import { setTimeout as delay } from 'node:timers/promises';
import { accountId } from '../ledger/account';
import { References } from '../ledger/lock-keys';
import { definitionOf, type Command } from '../ledger/writes';
import type { BatchRunner } from './batch-runner';
import type { Envelope, Write } from './batch-transaction';
import { systemClock, type Clock } from './clock';
import { accountsNamedBy, Held } from './held';
import type { LockMode } from './locked-state';
import { LockWaitQueue, type LockWait } from './lock-wait-queue';
import type { WaitLimit } from './wait-limit';
import { WorkerPool } from './worker-pool';
import type { NoOutcome, WriteResult } from './write-result';

/** How writes wait for what another session holds. */
export interface LockWaitSettings {
  /** The longest that a write waits, whatever its deadline. */
  readonly lockWaitMs: number;
  /** The most writes that may wait. */
  readonly lockWaitQueueMax: number;
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** How long one attempt waits; see `SessionLimits`. */
  readonly lockTimeoutMs: number;
}

/** How long an account waits for an attempt that queues for its lock, while attempts that do not wait book others. */
const QUEUE_FOR_LOCK_AFTER_MS = 500;

/** How long expired holds are settled before those who wait are tried again. */
const SETTLE_FOR_MS = 100;

/** The least time between two attempts of which the first one booked nothing. */
const IDLE_PAUSE_MS = 10;

/**
 * The place of writes that need what another session holds. They have a connection of their own, so that nobody waits
 * behind them, and are tried again in fresh, short transactions: most often by an attempt that leaves out what is still
 * held, and in turn, account by account, by one that queues for the lock, as long as the lock timeout lets it. So a row
 * that is hardly ever free is reached as well, and no transaction stays open for long.
 *
 * Writes on one account keep their order. Writes on an account with more expired holds than a batch settles wait here too,
 * while these are settled in transactions of their own.
 */
export class LockWaits {
  private readonly queue = new LockWaitQueue();
  private readonly workers: WorkerPool<BatchRunner>;
  /** Accounts with expired holds to settle, whoever still waits for them; they take turns. */
  private readonly due = new Map<string, Held>();
  private stopping = false;

  constructor(
    runner: BatchRunner,
    private readonly settings: LockWaitSettings,
    private readonly clock: Clock = systemClock,
  ) {
    this.workers = new WorkerPool([runner], (worker) =>
      this.queue.length + this.due.size > 0 ? this.turn(worker) : null,
    );
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  /** What others wait for and the command needs as well, as far as it says so itself; null: nothing. */
  waitsWith(command: Command): Held | null {
    for (const key of accountsNamedBy(command)) {
      const held = this.queue.held(key);
      if (held !== null) return held;
    }
    const references = new References();
    definitionOf(command).refersTo(references, command);
    return references.isEmpty ? null : this.queue.heldOfUser(command.scope);
  }

  /** Resolves to the result of a write when what it needs is free, or when it has waited long enough. */
  wait(write: Write, held: Held, limit: WaitLimit): Promise<WriteResult> {
    return this.add(held, limit, 1, { write });
  }

  /** The same for an atomic batch. */
  waitAtomic(
    envelope: Envelope,
    writes: readonly Write[],
    held: Held,
    limit: WaitLimit,
  ): Promise<WriteResult> {
    return this.add(held, limit, writes.length, { envelope, writes });
  }

  /** Lets nobody wait any longer. Resolves when nobody does. */
  async drain(): Promise<void> {
    this.stopping = true;
    this.due.clear();
    await this.workers.whenIdle();
  }

  private add(held: Held, limit: WaitLimit, size: number, work: LockWait['work']): Promise<WriteResult> {
    if (this.queue.length + size > this.settings.lockWaitQueueMax)
      return Promise.resolve(accountLocked(held));
    const since = this.clock.now();
    this.settleLater(held);
    return new Promise((resolve) => {
      this.queue.push({
        held,
        work,
        size,
        limit,
        until: since + this.settings.lockWaitMs,
        queuedAt: since,
        resolve,
      });
      this.workers.wake();
    });
  }

  private settleLater(held: Held): void {
    if (held.isDue && !this.stopping) this.due.set(accountId(held.userId, held.asset, held.stripe), held);
  }

  /** Settles expired holds, account by account. */
  private async settle(runner: BatchRunner): Promise<void> {
    const until = this.clock.now() + SETTLE_FOR_MS;
    for (let [next] = this.due; next !== undefined && this.clock.now() < until; [next] = this.due) {
      const [id, held] = next;
      this.due.delete(id);
      if (await runner.settleHolds(held)) this.settleLater(held);
    }
  }

  private async turn(runner: BatchRunner): Promise<void> {
    this.endOverdue();
    await this.settle(runner);
    const started = this.clock.now();
    const booked = await this.attempt(runner, this.queue.next(this.settings.batchMax), 'skip');
    // Those whose turn it is to queue for the lock: not all the time, since nobody else is tried meanwhile.
    const [first] = this.queue.next(1);
    if (
      first !== undefined &&
      (booked === 0 || first.queuedAt + QUEUE_FOR_LOCK_AFTER_MS <= this.clock.now())
    ) {
      await this.attempt(runner, this.queue.nextOf(first.held, this.settings.batchMax), 'wait');
      this.queue.toTheEnd(first.held, this.clock.now());
    }
    if (booked === 0 && this.clock.now() - started < IDLE_PAUSE_MS) await delay(IDLE_PAUSE_MS);
  }

  /** Tries writes once. Returns how many of them got a result. */
  private async attempt(
    runner: BatchRunner,
    waits: readonly LockWait[],
    lockMode: LockMode,
  ): Promise<number> {
    let ended = 0;
    const end = (wait: LockWait, result: WriteResult | Held | undefined): void => {
      if (result instanceof Held) {
        this.settleLater(result);
        this.queue.move(wait, result);
        return;
      }
      ended += 1;
      this.queue.remove(wait);
      wait.resolve(result ?? new CallError('INTERNAL', 'a write got no result'));
    };
    const single = waits.flatMap((wait) => ('write' in wait.work ? [{ wait, write: wait.work.write }] : []));
    if (single.length > 0) {
      const results = await runner.run(
        single.map(({ write }) => write),
        lockMode,
      );
      single.forEach(({ wait }, index) => {
        end(wait, results[index]);
      });
    }
    for (const wait of waits) {
      if ('envelope' in wait.work)
        end(wait, await runner.runAtomic(wait.work.envelope, wait.work.writes, lockMode));
    }
    return ended;
  }

  /** Ends those whose callers have gone, and those for whom there will be no other attempt in time. */
  private endOverdue(): void {
    const now = this.clock.now();
    for (const wait of this.queue.all()) {
      const { deadline, isCancelled } = wait.limit;
      const result = isCancelled()
        ? new CallError('CANCELLED' as const, 'the caller went away while the write waited')
        : this.stopping || Math.min(wait.until, deadline - this.settings.lockTimeoutMs) <= now
          ? accountLocked(wait.held)
          : null;
      if (result === null) continue;
      this.queue.remove(wait);
      wait.resolve(result);
    }
  }
}

function accountLocked({ userId, asset, isDue }: Held): NoOutcome {
  const why = isDue ? 'has expired holds that are being settled' : 'is locked by another session';
  return new CallError('ACCOUNT_LOCKED', `account ${userId} ${asset} ${why}`, {
    metadata: { user_id: userId, asset },
  });
}
