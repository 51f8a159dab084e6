import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { decodeErrorDetails, ERROR_DOMAIN } from './error-details';
import { LedgerError, type LedgerErrorInit } from './ledger-error';
import type { FieldViolation } from './request-check';
import { decideRetry } from './retry-decision';

const DETAILS_TRAILER = 'grpc-status-details-bin';
const REPLAYED_HEADER = 'ledger-replayed';
const POSITION_HEADER = 'ledger-position';
/** The most fields that an error names. */
const VIOLATIONS_MAX = 24;

/** Why an attempt failed: the part of a `LedgerError` that one attempt knows. */
export type AttemptFailure = Pick<LedgerErrorInit, 'code' | 'text' | 'replayed' | 'position' | 'cause'> &
  Required<Pick<LedgerErrorInit, 'details'>> & {
    /** The request did not leave this process. */
    readonly notSent: boolean;
    /** Another attempt is not to be made, although it may end differently. */
    readonly isFinal?: true;
  };

/** What grpc-js says when it has no connection to send a call on, such as after a refused one. */
const NO_CONNECTION = /^(?:No connection established|Name resolution failed)/;

/** What it says at the deadline of a call that has waited for a connection until then. */
const NO_CONNECTION_IN_TIME = /\b(?:Waiting for LB pick|waiting for name resolution)$/;

/**
 * The failure that grpc-js reports. A call that never had a connection ends as UNAVAILABLE, also when its time ran out
 * first.
 *
 * @param headers those that came before it, when there were any
 */
export function attemptFailure(error: ServiceError, headers?: Metadata): AttemptFailure {
  const [trailer] = error.metadata.get(DETAILS_TRAILER);
  const waitedInVain = isUnanswered(error) && NO_CONNECTION_IN_TIME.test(error.details);
  return {
    code: isReset(error) || waitedInVain ? status.UNAVAILABLE : error.code,
    text: error.details,
    details: trailer instanceof Uint8Array ? decodeErrorDetails(trailer) : {},
    // A failure may come as trailers alone, which then carry what the headers would.
    replayed: isReplay(error.metadata) || (headers && isReplay(headers)),
    position: positionOf(error.metadata) ?? (headers && positionOf(headers)),
    notSent:
      waitedInVain ||
      (error.code === status.UNAVAILABLE && trailer === undefined && NO_CONNECTION.test(error.details)),
    cause: error,
  };
}

/**
 * What grpc-js says of a stream that was reset because the connection makes too many resets, or is not secure enough,
 * with codes by which a server refuses a call. A reset may come at any time, also after the write was booked.
 */
const RESETS: ReadonlySet<string> = new Set([
  'Bandwidth exhausted or memory limit exceeded',
  'Protocol not secure enough',
]);

function isReset(error: ServiceError): boolean {
  return RESETS.has(error.details) && !isFromServer(error);
}

/** Whether trailers came with the failure: grpc-js itself makes none. */
export function isFromServer(error: ServiceError): boolean {
  return Object.keys(error.metadata.getMap()).length > 0;
}

/** Whether the attempt ran out of its time and nothing came from the server. */
export function isUnanswered(error: ServiceError): boolean {
  return error.code === status.DEADLINE_EXCEEDED && !isFromServer(error);
}

/** Whether the server says that it sends the stored response of an earlier attempt. */
export function isReplay(metadata: Metadata): boolean {
  return metadata.get(REPLAYED_HEADER)[0] === 'true';
}

/** Where the ledger's history was with this outcome; undefined when the server does not say. */
export function positionOf(metadata: Metadata): string | undefined {
  const [position] = metadata.get(POSITION_HEADER);
  return typeof position === 'string' ? position : undefined;
}

/**
 * The failure that a call reports when no attempt succeeded: the last one, unless a retry could have helped and an
 * abort, the closed client or the deadline prevented it.
 */
export function callFailure(
  lastFailure: AttemptFailure | undefined,
  signal: AbortSignal | undefined,
  isClosed: boolean,
): AttemptFailure {
  if (lastFailure !== undefined && !decideRetry(lastFailure.code, lastFailure.details).retry)
    return lastFailure;
  if (signal?.aborted === true) {
    return localFailure(status.CANCELLED, 'aborted by the caller', signal.reason);
  }
  if (isClosed) return localFailure(status.CANCELLED, 'the client is closed');
  return lastFailure ?? localFailure(status.DEADLINE_EXCEEDED, 'no time left for an attempt');
}

/** The error of a request that cannot be encoded. Nothing was sent. */
export function malformedRequest(method: string, cause: unknown): LedgerError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new LedgerError({ ...localFailure(status.INVALID_ARGUMENT, text, cause), method });
}

/** The error of a request that has fields which cannot be sent: the same that the ledger sends for others. Nothing was sent. */
export function invalidFields(method: string, violations: readonly FieldViolation[]): LedgerError {
  const named = violations.slice(0, VIOLATIONS_MAX).map(({ field, description }) => ({
    ...{ field, description, reason: '', localizedMessage: undefined },
  }));
  const metadata = new Map([['field', named[0]?.field ?? '']]);
  const text = named.map(({ field, description }) => `${field} ${description}`).join('; ');
  const details = {
    errorInfo: { reason: 'INVALID_FIELD', domain: ERROR_DOMAIN, metadata },
    badRequest: { fieldViolations: named },
  };
  return new LedgerError({ ...localFailure(status.INVALID_ARGUMENT, text), details, method });
}

/** The failure of a stream that promises a sign of life, and gave none for so long. */
export function silentStream(limitMs: number): AttemptFailure {
  return localFailure(status.UNAVAILABLE, `nothing came for ${limitMs} ms, not even a heartbeat`);
}

/** A failure of which no server knows. */
export function localFailure(code: number, text: string, cause?: unknown): AttemptFailure {
  return { code, text, details: {}, replayed: undefined, position: undefined, notSent: true, cause };
}
