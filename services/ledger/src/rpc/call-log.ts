/** One finished call, as it is logged; what is undefined is left out. Never metadata values, amounts or secrets. */
export interface CallRecord {
  readonly method: string;
  readonly code: string;
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  readonly durationMs: number;
  readonly batchSize?: number | undefined;
  /** How many messages a stream sent. */
  readonly messages?: number | undefined;
  readonly replayed?: true | undefined;
}

/** Where calls and faults are written to. */
export interface CallLog {
  call(record: CallRecord): void;
  /** A fault behind an error whose cause is kept from the caller. */
  fault(message: string, error: unknown): void;
}
