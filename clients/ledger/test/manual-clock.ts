import type { Clock } from '../src/clock';

/** A clock that only a test moves. A call that sleeps wakes up at once, with its clock moved on. */
export class ManualClock implements Clock {
  /** What each attempt was given, in order. */
  readonly timeouts: number[] = [];
  /** What the client slept, in order. */
  readonly sleeps: number[] = [];
  #nowMs = 0;

  now(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** Notes how long the attempt may take. gRPC gets no deadline that could pass while a test runs. */
  deadlineIn(ms: number): number {
    this.timeouts.push(ms);
    return Infinity;
  }

  /** Never, as with a deadline of gRPC. */
  after(): () => void {
    return () => undefined;
  }

  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.advance(ms);
    return Promise.resolve();
  }
}
