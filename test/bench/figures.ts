/**
 * The figures of one turn of one variant. Micros and bytes are per operation; each write of a batch is an operation.
 */
export interface Figures {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly serverMicros: number;
  readonly postgresMicros: number;
  readonly walBytes: number;
  /** CPU that the load generator used, in cores. */
  readonly loadCores: number;
  /** CPU that stayed idle, in cores. */
  readonly freeCores: number;
}

/** The median and the range of some values. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The spread of some values; all zeros when there are none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = 0, high = 0] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}
