import type { RetryPolicy } from './call-options';

/**
 * How long to wait after a number of failures: what the server asks for, and on top a random part of the doubling
 * backoff, so that callers that failed together do not come back together. The backoff takes at most half of the time
 * that remains. Undefined when less time remains than the server asks for.
 */
export function retryWaitMs(
  policy: RetryPolicy,
  failures: number,
  serverDelayMs: number,
  remainingMs: number,
  random: () => number = Math.random,
): number | undefined {
  const spareMs = remainingMs - serverDelayMs;
  if (!(spareMs > 0)) return undefined;
  const backoffMs = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * 2 ** (failures - 1));
  return serverDelayMs + Math.min(random() * backoffMs, spareMs / 2);
}
