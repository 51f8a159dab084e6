import type { Method, Traffic } from './traffic';

/** What the load generator sends. */
export interface LoadSpec {
  readonly address: string;
  readonly sessions: number;
  /** Calls made from a seed, or a list that is repeated in order. */
  readonly calls: Traffic | readonly ListedCall[];
  readonly pace: Pace;
  /** Whether a stream watches all entries during the load. The calls must then be purchases. */
  readonly watched?: boolean;
  /** How long callers wait. Calls that are refused or late are then counted, and end no run. */
  readonly timeoutMs?: number;
}

/** One call of a list. */
export interface ListedCall {
  readonly method: Method;
  /** The encoded message, in base64. */
  readonly message: string;
  readonly mark: string;
  readonly group: number;
  /** The number of writes in it; 1 for a read. */
  readonly operations: number;
}

/** Closed loop: each caller sends its next call when it has its response. Open loop: calls at a fixed rate. */
export type Pace =
  | {
      readonly loop: 'closed';
      readonly inFlight: number;
      readonly seconds: number;
      readonly callsMax: number;
    }
  | { readonly loop: 'open'; readonly perSecond: number; readonly seconds: number };

/** Latency percentiles in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The result of a load. */
export interface LoadResult {
  /** From the first call until the last response. */
  readonly seconds: number;
  readonly calls: number;
  /** Each write of a batch is one operation, and so is a read. */
  readonly operations: number;
  readonly writes: number;
  readonly failures: number;
  readonly firstFailure: string;
  /** Calls that were refused, or not answered while their callers waited; with a timeout only. */
  readonly missed: number;
  /** From when a call was sent; in an open loop, from when it was due. */
  readonly latencyMs: Latency;
  /** The same for each group of a list. */
  readonly groups: readonly Latency[];
  /** CPU seconds that the load generator itself used. */
  readonly cpuSeconds: number;
  /** With a watcher: how long entries took until WatchEntries delivered them. */
  readonly delivery?: {
    /** Since the response of the write; negative when the entry came before the response. */
    readonly fromAnswerMs: Latency;
    /** Since the create_time of the entry. */
    readonly fromCreationMs: Latency;
  };
}
