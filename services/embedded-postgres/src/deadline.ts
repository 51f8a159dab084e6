import { setTimeout as delay } from 'node:timers/promises';

/** One time limit for a sequence of steps. */
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

/** Repeats the check until it is true or `limitMs` have passed. Returns the last result. */
export async function pollUntil(check: () => Promise<boolean>, limitMs: number): Promise<boolean> {
  const deadline = new Deadline(limitMs);
  for (;;) {
    if (await check()) return true;
    if (deadline.passed) return false;
    await delay(Math.min(POLL_INTERVAL_MS, deadline.remainingMs));
  }
}

/** Whether the promise settled within `limitMs`. A rejection counts as settled. */
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
