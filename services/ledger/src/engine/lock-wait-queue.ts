import { accountId, type AccountKey } from '../ledger/account';
import type { Envelope, Write } from './batch-transaction';
import type { Held } from './held';
import type { WaitLimit } from './wait-limit';
import type { WriteResult } from './write-result';

/** A write, or an atomic batch, that waits for an account which another session holds. */
export interface LockWait {
  held: Held;
  readonly work:
    { readonly write: Write } | { readonly envelope: Envelope; readonly writes: readonly Write[] };
  /** How many writes it is. */
  readonly size: number;
  readonly limit: WaitLimit;
  /** When it stops waiting, in milliseconds since 1970. */
  readonly until: number;
  /** When it was last tried by an attempt that queued for the lock, or began to wait. */
  queuedAt: number;
  readonly resolve: (result: WriteResult) => void;
}

/** Those who wait, by the account that they wait for; the accounts take turns. */
export class LockWaitQueue {
  /** How many writes wait. */
  length = 0;

  private readonly accounts = new Map<string, LockWait[]>();

  push(wait: LockWait): void {
    this.length += wait.size;
    this.insert(wait);
  }

  remove(wait: LockWait): void {
    this.length -= wait.size;
    this.takeOut(wait);
  }

  /** Keeps that it was another account that kept it waiting. */
  move(wait: LockWait, held: Held): void {
    if (idOf(held) === idOf(wait.held)) return;
    this.takeOut(wait);
    wait.held = held;
    this.insert(wait);
  }

  /** The next ones by the turns of their accounts, the oldest of an account first. */
  next(max: number): LockWait[] {
    const next: LockWait[] = [];
    for (const waits of this.accounts.values()) {
      next.push(...waits.slice(0, max - next.length));
      if (next.length >= max) break;
    }
    return next;
  }

  /** The next ones of an account. */
  nextOf(key: AccountKey, max: number): LockWait[] {
    return this.accounts.get(idOf(key))?.slice(0, max) ?? [];
  }

  /** Ends the turn of an account. */
  toTheEnd(key: AccountKey, now: number): void {
    const id = idOf(key);
    const waits = this.accounts.get(id);
    if (waits === undefined) return;
    for (const wait of waits) wait.queuedAt = now;
    this.accounts.delete(id);
    this.accounts.set(id, waits);
  }

  all(): LockWait[] {
    return [...this.accounts.values()].flat();
  }

  /** The account, when somebody waits for it. */
  held(key: AccountKey): Held | null {
    return this.accounts.get(idOf(key))?.[0]?.held ?? null;
  }

  /** An account of a user that somebody waits for. */
  heldOfUser(userId: string): Held | null {
    for (const [first] of this.accounts.values()) if (first?.held.userId === userId) return first.held;
    return null;
  }

  private insert(wait: LockWait): void {
    const id = idOf(wait.held);
    const waits = this.accounts.get(id);
    if (waits === undefined) this.accounts.set(id, [wait]);
    else waits.push(wait);
  }

  private takeOut(wait: LockWait): void {
    const id = idOf(wait.held);
    const waits = this.accounts.get(id);
    const index = waits?.indexOf(wait) ?? -1;
    if (waits === undefined || index < 0) return;
    waits.splice(index, 1);
    if (waits.length === 0) this.accounts.delete(id);
  }
}

function idOf({ userId, asset, stripe }: AccountKey): string {
  return accountId(userId, asset, stripe);
}
