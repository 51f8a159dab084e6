import { status } from '@grpc/grpc-js';
import { type ErrorDetails, type ErrorReasonName, errorDetailsOf, reasonOf } from './error-details';
import type { Status } from '@ledger/proto/google/rpc/status';
import { decideRetry } from './retry-decision';

/** The parts of a `LedgerError`. */
export interface LedgerErrorInit {
  readonly code: number;
  /** The server's text, or the transport's. */
  readonly text: string;
  readonly method: string;
  readonly details?: ErrorDetails;
  readonly requestId?: string | undefined;
  readonly attempts?: number;
  readonly outcomeUnknown?: boolean;
  readonly replayed?: boolean | undefined;
  readonly position?: string | undefined;
  readonly cause?: unknown;
}

/** Every error of the client. Branch on `reason`, or on `code` where there is none; never on the message. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  /** The gRPC status code. */
  readonly code: number;
  /** Its name, such as `FAILED_PRECONDITION`. */
  readonly codeName: string;
  /** Why the ledger refused; undefined when the error is not the ledger's own. */
  readonly reason: ErrorReasonName | undefined;
  /** The typed details that the server sent. */
  readonly details: ErrorDetails;
  /** The numbers and names of the message, as `ErrorReason` lists them; empty without any. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The write's request id, also when the client made it: send it again to learn an unknown outcome. */
  readonly requestId: string | undefined;
  /** The client's method that failed. */
  readonly method: string;
  /** How many attempts were sent. */
  readonly attempts: number;
  /**
   * True when the write may or may not have been booked. Send the same request with the same `requestId` to learn
   * which. Always false for reads.
   */
  readonly outcomeUnknown: boolean;
  /**
   * Whether the same request, with the same `requestId`, may end differently later: after an outage, an overload, or when
   * the response was lost.
   */
  readonly retryable: boolean;
  /** Whether this is the stored outcome of an earlier attempt; undefined when no server answered. */
  readonly replayed: boolean | undefined;
  /** Where the ledger's history was with this outcome; undefined when the server did not say. */
  readonly position: string | undefined;

  constructor(init: LedgerErrorInit) {
    const codeName = status[init.code] ?? `CODE_${String(init.code)}`;
    const details = init.details ?? {};
    const reason = reasonOf(details);
    super(
      `${init.method}: ${codeName}${reason === undefined ? '' : ` (${reason})`}: ${init.text}`,
      init.cause === undefined ? undefined : { cause: init.cause },
    );
    this.code = init.code;
    this.codeName = codeName;
    this.reason = reason;
    this.details = details;
    this.metadata = Object.fromEntries(details.errorInfo?.metadata ?? []);
    this.requestId = init.requestId;
    this.method = init.method;
    this.attempts = init.attempts ?? 0;
    this.outcomeUnknown = init.outcomeUnknown ?? false;
    this.retryable = decideRetry(init.code, details).retry;
    this.replayed = init.replayed;
    this.position = init.position;
  }

  /** The error of one result of `batchWrite`: the same that the write alone would have thrown. */
  static fromStatus(
    result: Status,
    about: { readonly method: string; readonly requestId?: string; readonly replayed?: boolean },
  ): LedgerError {
    const details = errorDetailsOf(result);
    return new LedgerError({
      ...about,
      code: result.code,
      text: result.message,
      details,
      attempts: 1,
      outcomeUnknown: decideRetry(result.code, details).booking === 'unknown',
    });
  }

  /** For loggers: `details` may hold a bigint, which JSON cannot. */
  toJSON(): Record<string, unknown> {
    const { name, message, code, codeName, reason, metadata } = this;
    const { requestId, method, attempts, outcomeUnknown, retryable, replayed, position } = this;
    return {
      name,
      message,
      code,
      codeName,
      reason,
      metadata,
      requestId,
      method,
      attempts,
      outcomeUnknown,
      retryable,
      replayed,
      position,
    };
  }
}
