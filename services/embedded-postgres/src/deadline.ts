import { setTimeout as delay } from 'node:timers/promises';

/** One time budget for a sequence of steps. */
export class Deadline {
  readonly #endsAt: number;

  constructor(readonly limitMs: number) {
    this.#endsAt = performance.now() + limitMs;
  }

  get remainingMs(): number {
    return Math.max(0, Math.ceil(this.#endsAt - performance.now()));
  }

  get passed(): boolean {
    return this.remainingMs === 0;
  }
}

const POLL_INTERVAL_MS = 50;

/** Asks until the answer is yes, at most for `limitMs`, and returns the last answer. */
export async function pollUntil(check: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = new Deadline(limitMs);
  for (;;) {
    if (await check()) return true;
    if (deadline.passed) return false;
    await delay(Math.min(POLL_INTERVAL_MS, deadline.remainingMs));
  }
}

/** Whether the promise settled within `limitMs`. Its failure counts as settled. */
export async function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const late = delay(limitMs, false, { signal: timer.signal }).catch(() => false);
  try {
    return await Promise.race([settled, late]);
  } finally {
    timer.abort();
  }
}
