/** One finished call, as it is logged. Never metadata values, amounts or secrets. */
export interface CallRecord {
  readonly method: string;
  readonly code: string;
  readonly reason?: string;
  readonly requestId?: string;
  readonly durationMs: number;
  readonly batchSize?: number;
  /** How many messages a stream sent. */
  readonly messages?: number;
  readonly replayed?: true;
}

/** Where calls and faults are written to. */
export interface CallLog {
  call(record: CallRecord): void;
  /** A fault behind an error whose cause is kept from the caller. */
  fault(message: string, error: unknown): void;
}
