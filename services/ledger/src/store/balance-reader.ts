import { CallError } from '@ledger/kit/rpc/call-error';
import type { BalanceView } from '../ledger/outcome';
import type { Placement } from '../ledger/placement';
import type { Connection } from './pg/connection';
import { readBalancesOver } from './over-cells';
import type { BalanceKey } from './statements/read-balances';

/** The most accounts read by one statement. */
const COALESCE_MAX = 512;

/**
 * How long a statement may run before those who came after it get one of their own. Below that they wait for it, since
 * one statement for many costs less than many.
 */
const OVERTAKE_MS = 10;

/** How often callers whose deadline has passed are looked for while a statement does not come to an end. */
const SWEEP_MS = 50;

/** What a BalanceReader needs. */
export interface BalanceReaderSettings {
  readonly placement: Placement;
  /** Statements at the same time, each on a connection of its own. */
  readonly connections: number;
  /** Runs a statement within a deadline, in milliseconds since 1970. */
  readonly read: <T>(work: (connection: Connection) => Promise<T>, deadline: number) => Promise<T>;
}

interface Waiting {
  readonly key: BalanceKey;
  readonly deadline: number;
  readonly resolve: (view: BalanceView | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Coalesces concurrent balance reads into one statement. The statement starts after each of its callers arrived, so
 * every caller sees all writes that were answered before its call. A statement that does not come to an end holds up
 * its own callers only: the others get another one, on another connection.
 */
export class BalanceReader {
  private waiting: Waiting[] = [];
  private running = 0;
  /** The callers of statements that run and have been overtaken. */
  private readonly overtaken = new Set<readonly Waiting[]>();
  private sweeper: NodeJS.Timeout | undefined;

  constructor(private readonly settings: BalanceReaderSettings) {}

  /**
   * The balance as it is now; null for an account that was never written.
   *
   * @param deadline when the caller stops waiting, in milliseconds since 1970; the statement is
   * limited by the latest deadline of its callers
   */
  read(key: BalanceKey, deadline: number): Promise<BalanceView | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, deadline, resolve, reject });
      this.start();
    });
  }

  /** Starts a statement for those who wait, unless one runs that has just begun or no connection is left. */
  private start(): void {
    if (this.waiting.length === 0 || this.running > this.overtaken.size) return;
    if (this.running < this.settings.connections) void this.run();
  }

  private async run(): Promise<void> {
    this.running += 1;
    // What arrives in the same turn of the event loop shares the statement.
    await new Promise((resolve) => setImmediate(resolve));
    const batch = this.waiting.splice(0, COALESCE_MAX);
    const timer = setTimeout(() => this.overtake(batch), OVERTAKE_MS);
    await this.readCoalesced(batch);
    clearTimeout(timer);
    this.overtaken.delete(batch);
    this.running -= 1;
    this.start();
  }

  private overtake(batch: readonly Waiting[]): void {
    this.overtaken.add(batch);
    this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS);
    this.start();
  }

  /** Ends the wait of those whose deadline has passed; the others wait on. */
  private sweep(): void {
    if (this.overtaken.size === 0) {
      clearInterval(this.sweeper);
      this.sweeper = undefined;
    }
    const now = Date.now();
    const isLate = ({ deadline }: Waiting): boolean => deadline <= now;
    for (const { reject } of [...this.overtaken].flat().filter(isLate)) reject(tooLate());
    for (const { reject } of this.waiting.filter(isLate)) reject(tooLate());
    this.waiting = this.waiting.filter((each) => !isLate(each));
  }

  private async readCoalesced(batch: readonly Waiting[]): Promise<void> {
    const keys = new Map(batch.map(({ key }) => [idOf(key), key]));
    const latestDeadline = batch.reduce((latest, { deadline }) => Math.max(latest, deadline), 0);
    try {
      const read = this.settings.read(
        (connection) => readBalancesOver(connection, this.settings.placement, [...keys.values()]),
        latestDeadline,
      );
      const found = new Map((await read).map((view) => [idOf(view), view]));
      for (const { key, resolve } of batch) resolve(found.get(idOf(key)) ?? null);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function tooLate(): CallError {
  return new CallError('NOT_STARTED', 'the deadline passed before the balance was read');
}

function idOf({ userId, asset }: BalanceKey): string {
  return `${userId}\0${asset}`;
}
