import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
  RetryInfo,
} from '@ledger/proto/google/rpc/error_details';
import type { Any } from '@ledger/proto/google/protobuf/any';
import { Status } from '@ledger/proto/google/rpc/status';
import { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';

/** Of the errors of the ledger. */
export const ERROR_DOMAIN = 'ledger.v1';

/** The name of an `ErrorReason`, such as `INSUFFICIENT_FUNDS`. */
export type ErrorReasonName = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

const reasonNames: ReadonlySet<unknown> = new Set(
  Object.values(ErrorReason).filter((name) => name !== 'UNSPECIFIED' && name !== 'UNRECOGNIZED'),
);

/** The typed details of an error. What the server did not send, or what cannot be read, is absent. */
export interface ErrorDetails {
  /** Why it failed, with every number of the message. */
  readonly errorInfo?: ErrorInfo;
  /** Which fields are wrong. */
  readonly badRequest?: BadRequest;
  /** Which conditions do not hold. */
  readonly preconditionFailure?: PreconditionFailure;
  /** What was not found. */
  readonly resourceInfo?: ResourceInfo;
  /** How long to wait before the next attempt. */
  readonly retryInfo?: RetryInfo;
}

/** Reads the trailer `grpc-status-details-bin`. Unreadable bytes give no details: the error itself matters more. */
export function decodeErrorDetails(trailer: Uint8Array): ErrorDetails {
  try {
    return errorDetailsOf(Status.decode(trailer));
  } catch {
    return {};
  }
}

/** The details of a `google.rpc.Status`; of several of one type the first counts. */
export function errorDetailsOf(status: Status): ErrorDetails {
  return status.details.reduceRight<ErrorDetails>((later, detail) => ({ ...later, ...decode(detail) }), {});
}

/** The ledger's own reason; undefined when the error comes from elsewhere, such as the transport. */
export function reasonOf({ errorInfo }: ErrorDetails): ErrorReasonName | undefined {
  return errorInfo?.domain === ERROR_DOMAIN && isReason(errorInfo.reason) ? errorInfo.reason : undefined;
}

/** The wait that the server asks for before the next attempt; 0 when it asks for none. */
export function retryDelayMs({ retryInfo }: ErrorDetails): number {
  const delay = retryInfo?.retryDelay;
  return delay === undefined ? 0 : Math.max(0, Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000);
}

function isReason(name: string): name is ErrorReasonName {
  return reasonNames.has(name);
}

function decode({ typeUrl, value }: Any): ErrorDetails {
  try {
    switch (typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) {
      case 'google.rpc.ErrorInfo':
        return { errorInfo: ErrorInfo.decode(value) };
      case 'google.rpc.BadRequest':
        return { badRequest: BadRequest.decode(value) };
      case 'google.rpc.PreconditionFailure':
        return { preconditionFailure: PreconditionFailure.decode(value) };
      case 'google.rpc.ResourceInfo':
        return { resourceInfo: ResourceInfo.decode(value) };
      case 'google.rpc.RetryInfo':
        return { retryInfo: RetryInfo.decode(value) };
      default:
        return {};
    }
  } catch {
    return {};
  }
}
