import { readChangedUsers } from './statements/read-changed-users';
import type { Store } from './store';

interface Waiter {
  /** Whose entries; empty: anyone's. */
  readonly userId: string;
  readonly wake: () => void;
}

/**
 * Tells watchers when it is worth their while to read again. However many watch, the database is asked one short
 * question per interval, and none while nobody waits. Nothing depends on its answers but time: a watcher reads from
 * its own position.
 *
 * LISTEN and NOTIFY would save the question, at the price of a lock that all committing transactions share.
 */
export class ChangeSignal {
  private readonly waiters = new Set<Waiter>();
  private timer: NodeJS.Timeout | null = null;
  /** Who changed below this commit order was told. */
  private told = 0n;

  constructor(
    private readonly store: Pick<Store, 'read'>,
    private readonly intervalMs: number,
  ) {}

  /**
   * Resolves when there may be entries of the user (of anyone, for an empty id) that became final since the horizon
   * was at `since`; at the latest after `timeoutMs`, or when it is aborted.
   */
  next(userId: string, since: bigint, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.waiters.size === 0 && since > this.told) this.told = since;
    // Its change may have been told before it came.
    if (since < this.told || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const waiter: Waiter = {
        userId,
        wake: () => {
          clearTimeout(timeout);
          signal.removeEventListener('abort', waiter.wake);
          this.waiters.delete(waiter);
          resolve();
        },
      };
      const timeout = setTimeout(waiter.wake, timeoutMs);
      signal.addEventListener('abort', waiter.wake);
      this.waiters.add(waiter);
      this.schedule();
    });
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => void this.poll(), this.intervalMs);
  }

  private async poll(): Promise<void> {
    if (this.waiters.size > 0) await this.tell();
    this.timer = null;
    if (this.waiters.size > 0) this.schedule();
  }

  private async tell(): Promise<void> {
    try {
      const { horizon, userIds } = await this.store.read((connection) =>
        readChangedUsers(connection, this.told),
      );
      this.told = horizon;
      for (const { userId, wake } of [...this.waiters]) {
        if (userIds === null || (userId === '' ? userIds.size > 0 : userIds.has(userId))) wake();
      }
    } catch {
      // They meet the same fault when they read, and tell their callers.
      for (const { wake } of [...this.waiters]) wake();
    }
  }
}
