import { status as GrpcCode } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
  RetryInfo,
} from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import { VIOLATIONS_MAX, type ErrorFacts, type FieldViolation } from './call-error';
import { shortened, TEXT_MAX_BYTES } from './shortened';

/** The name of a gRPC status, such as `NOT_FOUND`. */
export type GrpcCodeName = keyof typeof GrpcCode;

/** The errors of one service. */
export interface ErrorTable<Reason extends string> {
  /** The package of the service, such as `peepcoins.v1`. */
  readonly domain: string;
  /** The closed list of the service's reasons, each with its gRPC status. */
  readonly codes: Readonly<Record<Reason, GrpcCodeName>>;
  /** For reasons that did not find something: the type of the resource, and the metadata key that names it. */
  readonly resources?: { readonly [Each in Reason]?: readonly [type: string, key: string] };
  /** The metadata keys that name the subject of a PreconditionFailure, in this order. */
  readonly subjectKeys?: readonly string[];
  /** Reasons that get RetryInfo although their status does not say that the same request may succeed soon. */
  readonly retried?: readonly Reason[];
}

/** An error in the form in which it is sent, and may be stored. */
export interface EncodedError {
  readonly code: GrpcCode;
  readonly reason: string;
  /** A google.rpc.Status. */
  readonly bytes: Buffer;
}

/** When a caller that met a full queue or an outage should come again, where the error itself does not say. */
const RETRY_AFTER_MS = 200;

/**
 * The one codec between errors and google.rpc.Status. The details are an ErrorInfo, and then BadRequest for
 * INVALID_FIELD, PreconditionFailure for FAILED_PRECONDITION, ResourceInfo for a reason with a resource, or RetryInfo
 * for UNAVAILABLE, RESOURCE_EXHAUSTED and the reasons that say so. Equal facts give equal bytes. Texts are shortened, so that every client has room
 * for the headers that carry the error.
 */
export class ErrorCodec<Reason extends string> {
  constructor(private readonly table: ErrorTable<Reason>) {}

  /** Whether the error is one of this service's own. */
  knows(error: ErrorFacts): error is ErrorFacts<Reason> {
    return Object.hasOwn(this.table.codes, error.reason);
  }

  encode(given: ErrorFacts<Reason>): EncodedError {
    const facts = shortenedFacts(given);
    const { reason, message, metadata } = facts;
    const code = GrpcCode[this.table.codes[reason]];
    const info = { reason, domain: this.table.domain, metadata: new Map(Object.entries(metadata)) };
    const details = [detail(ErrorInfo, 'ErrorInfo', info)];
    const further = this.furtherDetail(code, facts);
    if (further !== null) details.push(further);
    return { code, reason, bytes: encodeStatus({ code, message, details }) };
  }

  /** The same error as that of a part of a larger request: its message begins with the path, and `key` holds it. */
  encodeAt(
    { code, reason, bytes }: { readonly code: number; readonly reason: string; readonly bytes: Buffer },
    key: string,
    path: string,
  ): EncodedError {
    const status = Status.decode(bytes);
    const details = status.details.map((any) => {
      if (any.typeUrl !== typeUrlOf('ErrorInfo')) return any;
      const info = ErrorInfo.decode(any.value);
      return detail(ErrorInfo, 'ErrorInfo', { ...info, metadata: new Map([...info.metadata, [key, path]]) });
    });
    return { code, reason, bytes: encodeStatus({ code, message: `${path}: ${status.message}`, details }) };
  }

  private furtherDetail(code: GrpcCode, facts: SentFacts<Reason>): AnyDetail | null {
    const { reason, message, metadata, violations } = facts;
    if (reason === 'INVALID_FIELD') {
      return detail(BadRequest, 'BadRequest', BadRequest.create({ fieldViolations: [...violations] }));
    }
    if (code === GrpcCode.FAILED_PRECONDITION) {
      const { subjectKeys = [] } = this.table;
      const subject = subjectKeys.map((key) => metadata[key]).filter(Boolean);
      const violation = { type: reason, subject: subject.join('/'), description: message };
      const failure = PreconditionFailure.create({ violations: [violation] });
      return detail(PreconditionFailure, 'PreconditionFailure', failure);
    }
    const resource = this.table.resources?.[reason];
    if (resource !== undefined) {
      const [resourceType, key] = resource;
      const resourceName = metadata[key] ?? '';
      const info = ResourceInfo.create({ resourceType, resourceName, description: message });
      return detail(ResourceInfo, 'ResourceInfo', info);
    }
    const mayRetry = this.table.retried?.includes(reason) === true;
    if (mayRetry || code === GrpcCode.UNAVAILABLE || code === GrpcCode.RESOURCE_EXHAUSTED) {
      const retryDelay = durationOf(facts.retryAfterMs ?? RETRY_AFTER_MS);
      return detail(RetryInfo, 'RetryInfo', RetryInfo.create({ retryDelay }));
    }
    return null;
  }
}

/** What is known of an error, with nothing left out and no text too long. */
type SentFacts<Reason extends string> = ErrorFacts<Reason> & {
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[];
};

function shortenedFacts<Reason extends string>(facts: ErrorFacts<Reason>): SentFacts<Reason> {
  const { reason, message, metadata = {}, violations = [], retryAfterMs } = facts;
  return {
    reason,
    retryAfterMs,
    message: shortened(message, TEXT_MAX_BYTES.message),
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [key, shortened(value, TEXT_MAX_BYTES.metadata)]),
    ),
    violations: shortenedViolations(violations),
  };
}

function shortenedViolations(violations: readonly FieldViolation[]): FieldViolation[] {
  const sent: FieldViolation[] = [];
  let bytes = 0;
  for (const violation of violations.slice(0, VIOLATIONS_MAX)) {
    const field = shortened(violation.field, TEXT_MAX_BYTES.field);
    const description = shortened(violation.description, TEXT_MAX_BYTES.description);
    bytes += Buffer.byteLength(field) + Buffer.byteLength(description);
    if (bytes > TEXT_MAX_BYTES.violations) break;
    sent.push({ field, description });
  }
  return sent;
}

function durationOf(ms: number): { seconds: bigint; nanos: number } {
  return { seconds: BigInt(Math.floor(ms / 1_000)), nanos: Math.round((ms % 1_000) * 1_000_000) };
}

interface AnyDetail {
  readonly typeUrl: string;
  readonly value: Buffer;
}

function detail<T>(
  type: { encode(message: T): { finish(): Uint8Array } },
  name: string,
  message: T,
): AnyDetail {
  return { typeUrl: typeUrlOf(name), value: Buffer.from(type.encode(message).finish()) };
}

function typeUrlOf(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`;
}

function encodeStatus(status: Status): Buffer {
  return Buffer.from(Status.encode(status).finish());
}
