import { status as GrpcCode } from '@grpc/grpc-js';
import { LedgerError, type ErrorReasonName } from '@ledger/client';
import { isOutage } from '../postgres/sql-state';
import { CallError, type ErrorFacts } from '../rpc/call-error';
import { ErrorCodec, type GrpcCodeName } from '../rpc/error-codec';
import { INTERNAL_ERROR, type ErrorPolicy } from '../rpc/error-policy';

/** The reasons that every service on the ledger sends. */
export type SharedReason = 'INVALID_FIELD' | 'LEDGER_UNAVAILABLE' | 'STORE_UNAVAILABLE' | 'INTERNAL';

const SHARED_CODES: Readonly<Record<SharedReason, GrpcCodeName>> = {
  INVALID_FIELD: 'INVALID_ARGUMENT',
  LEDGER_UNAVAILABLE: 'UNAVAILABLE',
  STORE_UNAVAILABLE: 'UNAVAILABLE',
  INTERNAL: 'INTERNAL',
};

/**
 * The errors of a service on the ledger.
 *
 * @param domain the package of the service, such as `peepcoins.v1`
 * @param codes the closed list of its own reasons, each with its gRPC status
 */
export function serviceErrors<Reason extends string>(
  domain: string,
  codes: Readonly<Record<Reason, GrpcCodeName>>,
): ErrorPolicy<Reason | SharedReason> {
  const all: Readonly<Record<Reason | SharedReason, GrpcCodeName>> = { ...codes, ...SHARED_CODES };
  return { codec: new ErrorCodec({ domain, codes: all }), describe };
}

/** Makes an error of one service: `throw refuse('ROUTE_NOT_FOUND', 'no route 7', { route_id: '7' })`. */
export type Refuse<Reason extends string> = (
  reason: Reason,
  message: string,
  metadata?: Readonly<Record<string, string>>,
) => CallError<Reason>;

/** The function of that type, for the reasons of one service. */
export function refusals<Reason extends string>(): Refuse<Reason> {
  return (reason, message, metadata) => new CallError(reason, message, { metadata });
}

/** What an error of the ledger means in the words of a service. */
export type Translations = { readonly [Reason in ErrorReasonName]?: (error: LedgerError) => CallError };

/**
 * The error to throw for one that was caught: what the ledger refused for a reason that is named here, in the
 * service's words. Others are passed on as they are.
 */
export function translated(error: unknown, translations: Translations): unknown {
  if (!(error instanceof LedgerError) || error.reason === undefined) return error;
  return translations[error.reason]?.(error) ?? error;
}

/**
 * What a caller may know of an error that the service did not name. An outage of the ledger or the database is
 * UNAVAILABLE: the same request can be sent again, and has to be to learn what became of it.
 */
function describe(error: unknown): ErrorFacts<SharedReason> {
  if (
    error instanceof LedgerError &&
    (error.retryable || error.outcomeUnknown || UNREACHABLE_CODES.has(error.code))
  ) {
    return {
      reason: 'LEDGER_UNAVAILABLE',
      message: 'the ledger does not answer: send the same request again',
    };
  }
  if (isOutage(error)) {
    return { reason: 'STORE_UNAVAILABLE', message: 'the database is away: send the same request again' };
  }
  return INTERNAL_ERROR;
}

const UNREACHABLE_CODES: ReadonlySet<number> = new Set([
  GrpcCode.UNAVAILABLE,
  GrpcCode.DEADLINE_EXCEEDED,
  GrpcCode.CANCELLED,
  GrpcCode.RESOURCE_EXHAUSTED,
]);
