import type { Method, Traffic } from './traffic';

/** What the load process is to send. */
export interface LoadSpec {
  readonly address: string;
  readonly sessions: number;
  /** Made from a seed, or a list that is gone through in turn, again and again. */
  readonly calls: Traffic | readonly ListedCall[];
  readonly pace: Pace;
  /** With a watcher of all entries beside it; the calls are purchases. */
  readonly watched?: boolean;
}

/** A call of a list. */
export interface ListedCall {
  readonly method: Method;
  /** The encoded message, in base64. */
  readonly message: string;
  readonly mark: string;
  readonly group: number;
  /** How many writes it carries; 1 for a read. */
  readonly operations: number;
}

/** Closed loop: so many callers, each with its next call as soon as it has its answer. Open loop: at a rate. */
export type Pace =
  | {
      readonly loop: 'closed';
      readonly inFlight: number;
      readonly seconds: number;
      readonly callsMax: number;
    }
  | { readonly loop: 'open'; readonly perSecond: number; readonly seconds: number };

/** Milliseconds at these percentiles. */
export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** What came of it. */
export interface LoadResult {
  /** Until the last answer. */
  readonly seconds: number;
  readonly calls: number;
  /** Writes, of which a batch has many; a read counts as one. */
  readonly operations: number;
  readonly writes: number;
  readonly failures: number;
  readonly firstFailure: string;
  /** From when a call was sent; in an open loop from when it was meant to be. */
  readonly latencyMs: Latency;
  /** The same by the groups of a list. */
  readonly groups: readonly Latency[];
  /** CPU seconds that the load process itself took meanwhile. */
  readonly cpuSeconds: number;
  /** With a watcher: until an entry came out of WatchEntries. */
  readonly delivery?: {
    /** Since its write was answered; below zero where it came before the answer. */
    readonly fromAnswerMs: Latency;
    /** Since its create_time. */
    readonly fromCreationMs: Latency;
  };
}
