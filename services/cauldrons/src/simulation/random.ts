/** Chance from a seed: the same seed makes the same choices. Not for secrets. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1: the generator known as mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** So many of them at most, in any order. */
  some<T>(values: readonly T[], most: number): T[] {
    const keyed = values.map((value) => ({ value, key: this.next() }));
    return keyed
      .sort((one, other) => one.key - other.key)
      .slice(0, most)
      .map(({ value }) => value);
  }

  /** Another one, whose choices do not depend on when this one is asked next. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}
