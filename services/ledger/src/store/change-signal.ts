import { readChangedUsers } from './statements/read-changed-users';
import type { Store } from './store';

interface Waiter {
  /** The user whose entries it waits for; empty: any user. */
  readonly userId: string;
  readonly wake: () => void;
}

/**
 * Wakes watchers when there may be new entries for them. The database gets one short query per interval, however many
 * watch, and none while nobody waits. A wrong or late wake-up costs only time: a watcher reads from its own position.
 *
 * LISTEN and NOTIFY would save the query, but take a lock that all committing transactions share.
 */
export class ChangeSignal {
  private readonly waiters = new Set<Waiter>();
  private timer: NodeJS.Timeout | null = null;
  /** Watchers were woken for all changes below this commit order. */
  private signalledBelow = 0n;

  constructor(
    private readonly store: Pick<Store, 'read'>,
    private readonly intervalMs: number,
  ) {}

  /**
   * Resolves when there may be entries of the user (of anyone, for an empty id) that became final since the horizon
   * was at `since`; at the latest after `timeoutMs`, or when it is aborted.
   */
  next(userId: string, since: bigint, timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.waiters.size === 0 && since > this.signalledBelow) this.signalledBelow = since;
    // Its change may have been signalled before it began to wait.
    if (since < this.signalledBelow || signal.aborted) return Promise.resolve();
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
    if (this.waiters.size > 0) await this.wakeChanged();
    this.timer = null;
    if (this.waiters.size > 0) this.schedule();
  }

  private async wakeChanged(): Promise<void> {
    try {
      const { horizon, userIds } = await this.store.read((connection) =>
        readChangedUsers(connection, this.signalledBelow),
      );
      this.signalledBelow = horizon;
      for (const { userId, wake } of [...this.waiters]) {
        if (userIds === null || (userId === '' ? userIds.size > 0 : userIds.has(userId))) wake();
      }
    } catch {
      // Each of them meets the same fault when it reads, and reports it to its caller.
      for (const { wake } of [...this.waiters]) wake();
    }
  }
}
