import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { decodeErrorDetails } from './error-details';
import { LedgerError, type LedgerErrorInit } from './ledger-error';
import { judge } from './verdict';

const DETAILS_TRAILER = 'grpc-status-details-bin';
const REPLAYED_HEADER = 'ledger-replayed';

/** Why an attempt failed: the part of a `LedgerError` that one attempt knows. */
export type Failure = Pick<LedgerErrorInit, 'code' | 'text' | 'replayed' | 'cause'> &
  Required<Pick<LedgerErrorInit, 'details'>>;

/** What grpc-js reports about a failed attempt. */
export function readFailure(error: ServiceError, replayed?: boolean): Failure {
  const [trailer] = error.metadata.get(DETAILS_TRAILER);
  return {
    code: error.code,
    text: error.details,
    details: trailer instanceof Uint8Array ? decodeErrorDetails(trailer) : {},
    // A failure may come as trailers alone, which then carry what the headers would.
    replayed: isReplay(error.metadata) || replayed,
    cause: error,
  };
}

/** Whether the server says that this is the first answer once more. */
export function isReplay(metadata: Metadata): boolean {
  return metadata.get(REPLAYED_HEADER)[0] === 'true';
}

/** What a call reports that got no answer: a failure that stands, or else what stopped it. */
export function endOf(
  failure: Failure | undefined,
  signal: AbortSignal | undefined,
  isClosed: boolean,
): Failure {
  if (failure !== undefined && !judge(failure.code, failure.details).retry) return failure;
  if (signal?.aborted === true) {
    return localFailure(status.CANCELLED, 'aborted by the caller', signal.reason);
  }
  if (isClosed) return localFailure(status.CANCELLED, 'the client is closed');
  return failure ?? localFailure(status.DEADLINE_EXCEEDED, 'no time left for an attempt');
}

/** The error of a request that cannot even be encoded: nothing was sent. */
export function malformedRequest(method: string, cause: unknown): LedgerError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new LedgerError({ ...localFailure(status.INVALID_ARGUMENT, text, cause), method });
}

function localFailure(code: number, text: string, cause?: unknown): Failure {
  return { code, text, details: {}, replayed: undefined, cause };
}
