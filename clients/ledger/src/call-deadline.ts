import type { Clock } from './clock';

/**
 * What every attempt but the last keeps back, so that a lost response can still be asked for again, over a new
 * connection if this one is dead. To look up an outcome takes milliseconds.
 */
const RESERVE_MS = 1_000;

/** The part of what remains that is kept back at most. */
const RESERVE_PART = 1 / 4;

/** When a call ends, over all its attempts and the waits between them. */
export class CallDeadline {
  readonly #clock: Clock;
  readonly #endMs: number;

  /** @param timeoutMs from now on; Infinity for a call without end */
  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#endMs = clock.now() + timeoutMs;
  }

  /** The time that remains; 0 or less when the deadline has passed. */
  remainingMs(): number {
    return this.#endMs - this.#clock.now();
  }

  /**
   * The timeout of the next attempt. The last attempt may use all the time that remains. Any other leaves a reserve: a
   * second, or a quarter of what remains when that is less.
   */
  attemptTimeoutMs(isLast: boolean): number {
    const remainingMs = this.remainingMs();
    return isLast ? remainingMs : remainingMs - Math.min(RESERVE_MS, remainingMs * RESERVE_PART);
  }
}
