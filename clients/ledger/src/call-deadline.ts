import type { Clock } from './clock';

/**
 * What every attempt of a write but the last keeps back, so that a lost response can still be asked for again. To look
 * up an outcome takes milliseconds; a second also covers a new connection.
 */
const RESERVE_MS = 1_000;

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
   * The timeout of the next attempt. A read, and the last attempt of a write, may use all the time that remains. Any
   * other attempt of a write leaves a reserve: a second, or half of what remains when that is less.
   */
  attemptTimeoutMs(keepsReserve: boolean): number {
    const remainingMs = this.remainingMs();
    return keepsReserve ? remainingMs - Math.min(RESERVE_MS, remainingMs / 2) : remainingMs;
  }
}
