import { Metadata, status as GrpcCode, type ServiceError as GrpcServiceError } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  RetryInfo,
} from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import type { ErrorFacts } from './service-error';

/** When a caller that met an outage should come again. */
const RETRY_AFTER_MS = 200;

/** An error as grpc-js sends it. */
export type ErrorReply = Pick<GrpcServiceError, 'code' | 'details' | 'metadata'>;

/**
 * What is known of an error as a google.rpc.Status in the trailer `grpc-status-details-bin`: one ErrorInfo of the
 * domain, and BadRequest, PreconditionFailure or RetryInfo where they fit.
 *
 * @param domain the package of the service, such as `peepcoins.v1`
 */
export function errorReply(domain: string, facts: ErrorFacts): ErrorReply {
  const { code, reason, message, metadata = {} } = facts;
  const info = ErrorInfo.create({ domain, reason, metadata: new Map(Object.entries(metadata)) });
  const details = [any('ErrorInfo', ErrorInfo.encode(info)), ...furtherDetails(facts)];
  const trailer = new Metadata();
  const status = Status.encode({ code, message, details });
  trailer.set('grpc-status-details-bin', Buffer.from(status.finish()));
  return { code, details: message, metadata: trailer };
}

function furtherDetails({ code, reason, message, violations }: ErrorFacts): Any[] {
  if (violations !== undefined) {
    const fieldViolations = violations.map((violation) => ({ ...violation, reason: '' }));
    return [any('BadRequest', BadRequest.encode(BadRequest.create({ fieldViolations })))];
  }
  if (code === GrpcCode.FAILED_PRECONDITION) {
    const failure = PreconditionFailure.create({ violations: [{ type: reason, description: message }] });
    return [any('PreconditionFailure', PreconditionFailure.encode(failure))];
  }
  if (code === GrpcCode.UNAVAILABLE) {
    const retryDelay = { seconds: 0n, nanos: RETRY_AFTER_MS * 1_000_000 };
    return [any('RetryInfo', RetryInfo.encode(RetryInfo.create({ retryDelay })))];
  }
  return [];
}

interface Any {
  readonly typeUrl: string;
  readonly value: Buffer;
}

function any(name: string, message: { finish(): Uint8Array }): Any {
  return { typeUrl: `type.googleapis.com/google.rpc.${name}`, value: Buffer.from(message.finish()) };
}
