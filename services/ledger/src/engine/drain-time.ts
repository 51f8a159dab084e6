/** What a batch counts of the average: after some ten batches the old ones are forgotten. */
const WEIGHT = 0.2;

/** How many writes leave the queue together, and how many such batches run side by side. */
export interface DrainSettings {
  readonly batchMax: number;
  readonly workers: number;
}

/** How long writes wait until they are answered, told from how long batches took lately (a moving average). */
export class DrainTime {
  /** Milliseconds; 0 before the first one: nobody is refused for what is not known. */
  private average = 0;

  constructor(private readonly settings: DrainSettings) {}

  /** How long a batch takes, in milliseconds. */
  get batchMs(): number {
    return this.average;
  }

  /** Counts a batch that has ended, however it ended. */
  observe(batchMs: number): void {
    this.average = this.average === 0 ? batchMs : this.average + WEIGHT * (batchMs - this.average);
  }

  /** How long until the answer of a write that so many are taken before, in milliseconds. */
  waitMs(ahead: number): number {
    const { batchMax, workers } = this.settings;
    return (Math.floor(ahead / (batchMax * workers)) + 1) * this.average;
  }
}
