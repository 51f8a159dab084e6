/** What a call ends with: the bytes that go out, and what the log tells of them. */
export interface CallResult {
  /** gRPC status code; 0 when the call succeeded. */
  readonly code: number;
  /** Name of the service's `ErrorReason`; empty when the call succeeded. */
  readonly reason: string;
  /** The encoded response, or an encoded google.rpc.Status when `code` is not 0; empty for a status without details. */
  readonly bytes: Buffer;
  /** The result was stored before this call. */
  readonly replayed: boolean;
  /** Sent in the initial metadata of the answer; no part of what is stored. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** When the caller of an error should come again, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** How many writes shared the database transaction. */
  readonly batchSize?: number;
}
