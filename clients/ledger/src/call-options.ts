/** The options of one call. */
export interface CallOptions {
  /**
   * The time for the whole call in milliseconds: all attempts and the waits between them. A list has it for each
   * page; a stream has no limit unless it is given here.
   */
  readonly timeoutMs?: number | undefined;
  /** Stops the call at once: no further attempt, no further wait. A write may have been booked by then. */
  readonly signal?: AbortSignal | undefined;
  /** Sent as gRPC metadata with every attempt. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** How often, and how soon, a call is tried again. A write always keeps its request id. */
export interface RetryPolicy {
  /** All attempts together, at least 1. */
  readonly maxAttempts: number;
  /** The longest wait after the first failure. It doubles from failure to failure. */
  readonly initialBackoffMs: number;
  /** The longest wait of all. The server's `RetryInfo` may ask for more. */
  readonly maxBackoffMs: number;
}

/** The timeout of a call when neither the call nor its client names one. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** What the ledger promises by default. */
export const DEFAULT_WATCH_HEARTBEAT_MS = 10_000;

/** Outlasts the restart of a server within the default timeout. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 8,
  initialBackoffMs: 50,
  maxBackoffMs: 1_000,
};
