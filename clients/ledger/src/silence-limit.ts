import type { Clock } from './clock';

/** Notices that nothing comes for too long while a reader waits. The time that the reader takes itself does not count. */
export class SilenceLimit {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #stopped = new AbortController();
  #waitingSinceMs: number | undefined;

  /**
   * @param limitMs Infinity for none
   * @param onSilence called once, with the time since which nothing came
   */
  constructor(clock: Clock, limitMs: number, onSilence: (sinceMs: number) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    if (limitMs !== Infinity) void this.#watch(onSilence);
  }

  /** Hands on what comes, and knows meanwhile when somebody waits for it. */
  async *follow<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
    this.#waitingSinceMs = this.#clock.now();
    for await (const item of items) {
      this.#waitingSinceMs = undefined;
      yield item;
      this.#waitingSinceMs = this.#clock.now();
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #watch(onSilence: (sinceMs: number) => void): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const now = this.#clock.now();
      const sinceMs = this.#waitingSinceMs ?? now;
      if (now - sinceMs >= this.#limitMs) {
        onSilence(sinceMs);
        return;
      }
      await this.#clock.sleep(this.#limitMs - (now - sinceMs), signal);
    }
  }
}
