import { setTimeout as setTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';

/** How a client measures time. Tests replace it with a clock that they control. */
export interface Clock {
  /** Milliseconds since any fixed time; never goes back. */
  now(): number;
  /** The time for a gRPC deadline, in milliseconds since 1970, so many milliseconds from now. */
  deadlineIn(ms: number): number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** Runs the callback after so many milliseconds; the result prevents it. */
  after(ms: number, callback: () => void): () => void;
}

/** The longest that a timer of Node can be set to, 24 days. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/** The clock of the process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  deadlineIn: (ms) => Date.now() + ms,
  sleep: (ms, signal) =>
    setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
  after: (ms, callback) => {
    if (ms > TIMER_MAX_MS) return () => undefined;
    const timer = setTimer(callback, ms);
    return () => {
      clearTimeout(timer);
    };
  },
};
