import { status as GrpcCode } from '@grpc/grpc-js';
import { LedgerError, type ErrorReasonName } from '@ledger/client';

/** A field of a request and what is wrong with it. */
export interface FieldViolation {
  /** Its path, as the proto names it. */
  readonly field: string;
  readonly description: string;
}

/** What a caller gets to know of an error. */
export interface ErrorFacts {
  readonly code: GrpcCode;
  /** A name of the service's own ErrorReason. */
  readonly reason: string;
  readonly message: string;
  /** Every number and name of the message. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
}

/** An error that the caller is meant to see. Everything else that is thrown becomes INTERNAL. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';

  constructor(
    readonly facts: ErrorFacts,
    options?: ErrorOptions,
  ) {
    super(facts.message, options);
  }
}

/** An error goes out in HTTP/2 headers, for which many clients have room for 8 KiB. */
const VIOLATIONS_MAX = 24;

/** Makes the errors of one service: `throw refuse('ROUTE_NOT_FOUND', 'no route 7', { route_id: '7' })`. */
export type Refuse<Reason extends string> = (
  reason: Reason,
  message: string,
  metadata?: Readonly<Record<string, string>>,
) => ServiceError;

/** @param codes the closed list of the service's reasons, each with its gRPC status */
export function refusals<Reason extends string>(codes: Readonly<Record<Reason, GrpcCode>>): Refuse<Reason> {
  return (reason, message, metadata = {}) =>
    new ServiceError({ code: codes[reason], reason, message, metadata });
}

/** The error for fields that cannot be accepted; also for what no rule of the contract can say. */
export function invalidFields(violations: readonly FieldViolation[]): ServiceError {
  const named = violations.slice(0, VIOLATIONS_MAX);
  const [first = { field: '', description: 'is not acceptable' }] = named;
  return new ServiceError({
    code: GrpcCode.INVALID_ARGUMENT,
    reason: 'INVALID_FIELD',
    message: named
      .map(({ field, description }) => (field === '' ? description : `${field}: ${description}`))
      .join('; '),
    metadata: { field: first.field },
    violations: named,
  });
}

/** What an error of the ledger means in the words of a service. */
export type Translations = { readonly [Reason in ErrorReasonName]?: (error: LedgerError) => ServiceError };

/**
 * The error to throw for one that was caught: what the ledger refused for a reason that is named here, in the
 * service's words. Others are passed on as they are.
 */
export function translated(error: unknown, translations: Translations): unknown {
  if (!(error instanceof LedgerError) || error.reason === undefined) return error;
  return translations[error.reason]?.(error) ?? error;
}

/**
 * What a caller may know of any error. The cause of what nobody foresaw is the log's business alone.
 *
 * An outage of the ledger or the database is UNAVAILABLE: the same request can be sent again, and has to be to learn
 * what became of it.
 */
export function factsOf(error: unknown): ErrorFacts {
  if (error instanceof ServiceError) return error.facts;
  if (error instanceof LedgerError && (AWAY.has(error.code) || error.outcomeUnknown)) {
    return {
      code: GrpcCode.UNAVAILABLE,
      reason: 'LEDGER_UNAVAILABLE',
      message: 'the ledger does not answer: send the same request again',
    };
  }
  if (AWAY_SQL_STATES.test(sqlState(error))) {
    return {
      code: GrpcCode.UNAVAILABLE,
      reason: 'STORE_UNAVAILABLE',
      message: 'the database is away: send the same request again',
    };
  }
  return {
    code: GrpcCode.INTERNAL,
    reason: 'INTERNAL',
    message: 'internal error; the cause is in the log',
  };
}

const AWAY: ReadonlySet<number> = new Set([
  GrpcCode.UNAVAILABLE,
  GrpcCode.DEADLINE_EXCEEDED,
  GrpcCode.CANCELLED,
  GrpcCode.RESOURCE_EXHAUSTED,
]);

/**
 * Classes of SQLSTATE that say: not now. The connection, a deadlock, out of resources, not in the state for it, the
 * operator, the system. And what node says of a socket.
 */
const AWAY_SQL_STATES = /^((08|25|28|3D|40|53|55|57|58)...$|ECONN|ETIMEDOUT|ENOTFOUND|EPIPE)/;

/** Empty for what is no fault of a statement. */
function sqlState(error: unknown): string {
  if (error instanceof AggregateError) return sqlState(error.errors[0]);
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // What pg says of a connection that broke or could not be had; it gives no code there.
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection)/.test(
    error.message,
  )
    ? '08006'
    : '';
}
