/** What may be said about one call. */
export interface CallOptions {
  /**
   * The whole budget of the call in milliseconds: all attempts and the waits between them. Of a list it is
   * the budget of each page; a stream has none unless it is given here.
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

/** What a call gets that says nothing else. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** Outlasts the restart of a server within the default budget. */
export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  maxAttempts: 8,
  initialBackoffMs: 50,
  maxBackoffMs: 1_000,
};
