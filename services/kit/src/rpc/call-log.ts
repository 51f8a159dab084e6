/** The fields by which a caller names a write or its subject, and by which one finds the call in the log. */
export interface CallNames {
  readonly requestId?: string | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly orderId?: string | undefined;
  readonly cartId?: string | undefined;
  readonly resetId?: string | undefined;
  readonly visitId?: string | undefined;
}

/** One finished call, as it is logged; what is undefined is left out. Never metadata values, amounts or secrets. */
export interface CallRecord extends CallNames {
  readonly method: string;
  readonly code: string;
  readonly reason?: string | undefined;
  readonly durationMs: number;
  /** How many writes shared the database transaction. */
  readonly batchSize?: number | undefined;
  /** How many messages a stream sent. */
  readonly messages?: number | undefined;
  readonly replayed?: true | undefined;
  /** Address and port of the caller, or of what stands between. */
  readonly peer: string;
  /** With a log of level debug: the sizes of the request and of the answer, and how long the caller would wait. */
  readonly requestBytes?: number;
  readonly responseBytes?: number;
  readonly timeoutMs?: number | undefined;
}

/** Where calls and faults are written to. */
export interface CallLog {
  /** Whether a call is told in detail: with level debug. */
  readonly detailed: boolean;
  call(record: CallRecord): void;
  /** A fault behind an error whose cause is kept from the caller. */
  fault(message: string, error: unknown): void;
}
