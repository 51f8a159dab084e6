/** Messages that may be unanswered while fewer than {@link FULL} calls wait for the next one. */
const UNANSWERED_MAX = 2;
/** So many calls fill a message, which then waits for nothing. */
export const FULL = 128;
/** After so long without any answer the oldest message counts no more: a call that takes long must not hold others up. */
const PATIENCE_MS = 50;

/**
 * When the next message of gathered calls goes out: at once while fewer than two are unanswered, so that nobody waits for
 * company, and else when it is full. While two are under way, what is asked for gathers by itself.
 */
export class MessageGate {
  readonly #unanswered: object[] = [];
  #timer: NodeJS.Timeout | undefined;

  isOpenFor(waiting: number): boolean {
    return waiting >= FULL || this.#unanswered.length < UNANSWERED_MAX;
  }

  /** Says that a message goes out; the result says that all of it is answered. */
  sends(): () => void {
    const message = {};
    this.#unanswered.push(message);
    return () => {
      const index = this.#unanswered.indexOf(message);
      if (index < 0) return;
      this.#unanswered.splice(index, 1);
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Runs the callback when the gate has been shut for too long. */
  whenPatienceEnds(callback: () => void): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#unanswered.shift();
      callback();
    }, PATIENCE_MS);
  }
}
