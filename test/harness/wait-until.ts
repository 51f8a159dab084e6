import { setTimeout as delay } from 'node:timers/promises';

const POLL_INTERVAL_MS = 10;

/**
 * Waits until the condition holds, and fails after so many milliseconds of polls. Only the polls count, so a process that
 * stands still, on a busy machine or because it was stopped, does not lose its time.
 */
export async function waitUntil(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 20_000,
): Promise<void> {
  const polls = Math.ceil(limitMs / POLL_INTERVAL_MS);
  for (let poll = 0; !(await holds()); poll += 1) {
    if (poll >= polls) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(POLL_INTERVAL_MS);
  }
}
