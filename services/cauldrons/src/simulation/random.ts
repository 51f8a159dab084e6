/** Pseudo-random numbers: the same seed makes the same choices. Not for secrets. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number in [0, 1), by mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** A whole number from min to max, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** At most `max` of the values, in random order. */
  some<T>(values: readonly T[], max: number): T[] {
    const keyed = values.map((value) => ({ value, key: this.next() }));
    return keyed
      .sort((one, other) => one.key - other.key)
      .slice(0, max)
      .map(({ value }) => value);
  }

  /** Another generator, whose choices do not depend on later uses of this one. */
  fork(): Random {
    return new Random(Math.floor(this.next() * 2 ** 32));
  }
}
