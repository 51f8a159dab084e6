import { setTimeout as delay } from 'node:timers/promises';
import { readSettled, type Settled } from './statements/read-settled';
import type { Store } from './store';

/** Waits between two looks at the marks: a batch takes milliseconds. */
const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 50;

/** How long a caller waits. */
export interface SettleLimit {
  /** In milliseconds since 1970; Infinity: as long as a read may take. */
  readonly deadline: number;
  readonly isCancelled: () => boolean;
}

/**
 * The one settled horizon of forward lists and reads of the past: what is dated before it never changes. See
 * clock-mark.ts for why. The marks are read once for all calls that wait for them, and not at all for a time that is
 * known to be settled.
 */
export class SettledHorizon {
  private knownBefore = 0n;
  private running: Promise<unknown> = Promise.resolve();
  private next: Promise<Settled> | null = null;

  constructor(
    private readonly store: Pick<Store, 'read'>,
    /** The longest that anybody waits. */
    private readonly waitMs: number,
  ) {}

  /** How far the past is settled, by a look that begins after the call: what was answered before it is behind it, but
   * for what a running batch keeps back. */
  now(): Promise<Settled> {
    this.next ??= this.running.then(() => {
      this.next = null;
      const reading = this.store.read(readSettled);
      this.running = reading.catch(() => undefined);
      return reading.then((settled) => {
        if (settled.before > this.knownBefore) this.knownBefore = settled.before;
        return settled;
      });
    });
    return this.next;
  }

  /**
   * Waits until everything dated up to and including an instant is settled.
   *
   * @returns whether it is; false when that does not come about in time
   */
  async until(instant: bigint, { deadline, isCancelled }: SettleLimit): Promise<boolean> {
    if (instant < this.knownBefore) return true;
    const end = Math.min(deadline, Date.now() + this.waitMs);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      const { clock, before } = await this.now();
      if (instant < before) return true;
      const leftMs = end - Date.now();
      const aheadMs = instant > clock ? Number((instant - clock) / 1_000n) : 0;
      if (leftMs <= 0 || aheadMs >= leftMs || isCancelled()) return false;
      await delay(Math.min(Math.max(pauseMs, aheadMs), leftMs));
    }
  }

  /** Whether everything dated before a time is known to be settled, without a look. */
  isKnown(time: bigint): boolean {
    return time <= this.knownBefore;
  }
}
