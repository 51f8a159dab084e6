import { setTimeout } from 'node:timers/promises';

/** How a client measures time. Tests replace it with a clock that they control. */
export interface Clock {
  /** Milliseconds since any fixed time; never goes back. */
  now(): number;
  /** The time for a gRPC deadline, in milliseconds since 1970, so many milliseconds from now. */
  deadlineIn(ms: number): number;
  /** Resolves after so many milliseconds, or as soon as the signal is aborted. Never rejects. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The clock of the process. */
export const systemClock: Clock = {
  now: () => performance.now(),
  deadlineIn: (ms) => Date.now() + ms,
  sleep: (ms, signal) =>
    setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
