/** The longest that work of one caller keeps the event loop before the others have their turn, in milliseconds. */
const PORTION_MS = 10;

/**
 * Divides work that may be large into portions, between which the event loop handles what waits for it. Small work is
 * one portion: to ask costs it next to nothing, and it is never put off.
 */
export class Portions {
  private began: number;

  /**
   * @param now a clock in milliseconds
   * @param between what is to be done between two portions, besides
   */
  constructor(
    private readonly now: () => number = () => performance.now(),
    private readonly between?: () => Promise<unknown>,
  ) {
    this.began = now();
  }

  /** Whether the portion has taken its time. */
  get isOver(): boolean {
    return this.now() - this.began >= PORTION_MS;
  }

  /** Lets everything else have its turn when the portion is over; does nothing before that. */
  async pause(): Promise<void> {
    if (this.isOver) await this.next();
  }

  /** Lets everything else have its turn, and begins the next portion. */
  async next(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    await this.between?.();
    this.began = this.now();
  }
}

/** The results of a function for each of the values, in portions. */
export async function inPortions<T, R>(
  values: readonly T[],
  each: (value: T, index: number) => R,
  portions = new Portions(),
): Promise<R[]> {
  const results: R[] = [];
  for (const value of values) {
    if (portions.isOver) await portions.next();
    results.push(each(value, results.length));
  }
  return results;
}
