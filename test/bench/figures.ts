/** What one turn of one variant came to. Microseconds and bytes are per operation: a write of a batch is one. */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly serverMicros: number;
  readonly postgresMicros: number;
  readonly walBytes: number;
  /** CPU that the load took, in cores. */
  readonly loadCores: number;
  /** CPU that nobody took, in cores. */
  readonly freeCores: number;
}

/** The middle one, and between which the others lie. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of some values; zeros of none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = 0, high = 0] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}
