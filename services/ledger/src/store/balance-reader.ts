import type { BalanceView } from '../ledger/outcome';
import { readBalances, type BalanceKey } from './statements/read-balances';
import type { Store } from './store';

/** The most accounts read by one statement. */
const COALESCE_MAX = 512;

interface Waiting {
  readonly key: BalanceKey;
  readonly deadline: number;
  readonly resolve: (view: BalanceView | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Coalesces concurrent balance reads into one statement. The statement starts after each of its callers arrived, so
 * every caller sees all writes that were answered before its call.
 */
export class BalanceReader {
  private waiting: Waiting[] = [];
  private running = false;

  constructor(private readonly store: Store) {}

  /**
   * The balance as it is now; null for an account that was never written.
   *
   * @param deadline when the caller stops waiting, in milliseconds since 1970; the statement is
   * limited by the latest deadline of its callers
   */
  read(key: BalanceKey, deadline: number): Promise<BalanceView | null> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, deadline, resolve, reject });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) await this.readCoalesced(this.waiting.splice(0, COALESCE_MAX));
    this.running = false;
  }

  private async readCoalesced(batch: readonly Waiting[]): Promise<void> {
    const keys = new Map(batch.map(({ key }) => [idOf(key), key]));
    const latestDeadline = batch.reduce((latest, { deadline }) => Math.max(latest, deadline), 0);
    try {
      const read = this.store.read(
        (connection) => readBalances(connection, [...keys.values()]),
        latestDeadline,
      );
      const found = new Map((await read).map((view) => [idOf(view), view]));
      for (const { key, resolve } of batch) resolve(found.get(idOf(key)) ?? null);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function idOf({ userId, asset }: BalanceKey): string {
  return `${userId}\0${asset}`;
}
