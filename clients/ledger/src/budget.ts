import type { RetryPolicy } from './call-options';

/**
 * What a write keeps back from every attempt but the last, so that a lost answer can still be asked for
 * again. To look up an outcome takes milliseconds; a second also covers a new connection.
 */
const RESERVE_MS = 1_000;

/** The time of one call, over all its attempts and waits. */
export class Budget {
  readonly #endMs: number;

  constructor(timeoutMs: number) {
    this.#endMs = performance.now() + timeoutMs;
  }

  /** What is left; not above 0 when it is used up. */
  leftMs(): number {
    return this.#endMs - performance.now();
  }

  /**
   * The deadline of the next attempt. A read, and the last attempt of a write, may use all that is left.
   * Any other attempt of a write leaves a reserve: a second, or half of what is left when that is less.
   */
  attemptMs(keepsReserve: boolean): number {
    const leftMs = this.leftMs();
    return keepsReserve ? leftMs - Math.min(RESERVE_MS, leftMs / 2) : leftMs;
  }
}

/**
 * How long to wait after so many failures: what the server asks for, and on top a random part of the doubling
 * backoff, so that callers that failed together do not come back together. The backoff takes at most half of
 * what is left. Undefined when the call cannot wait as long as the server asks.
 */
export function waitMs(
  policy: RetryPolicy,
  failures: number,
  askedMs: number,
  leftMs: number,
  random: () => number = Math.random,
): number | undefined {
  const spareMs = leftMs - askedMs;
  if (!(spareMs > 0)) return undefined;
  const backoffMs = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * 2 ** (failures - 1));
  return askedMs + Math.min(random() * backoffMs, spareMs / 2);
}
