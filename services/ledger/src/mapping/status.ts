import { status as GrpcCode } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
  RetryInfo,
} from '@ledger/proto/google/rpc/error_details';
import { Status } from '@ledger/proto/google/rpc/status';
import type { EncodedOutcome } from '../engine/answer';
import type { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';

/** The names of `ErrorReason` that are sent. */
export type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

/** A field of a request and what is wrong with it. */
export interface FieldViolation {
  /** Its path, as the proto names it: `price.amount`. */
  readonly field: string;
  readonly description: string;
}

/** An error as it goes out. */
export interface ErrorStatus {
  readonly code: GrpcCode;
  readonly reason: Reason;
  /** The encoded google.rpc.Status. */
  readonly bytes: Buffer;
}

/** What is known of an error. */
export interface ErrorFacts {
  readonly reason: Reason;
  readonly message: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
}

const DOMAIN = 'ledger.v1';

/** When a caller that met a full queue or an absent database should come again. */
const RETRY_AFTER_MS = 200;

const CODES: Readonly<Record<Reason, GrpcCode>> = {
  INVALID_FIELD: GrpcCode.INVALID_ARGUMENT,
  INSUFFICIENT_FUNDS: GrpcCode.FAILED_PRECONDITION,
  ACCOUNT_FROZEN: GrpcCode.FAILED_PRECONDITION,
  ITEM_INACTIVE: GrpcCode.FAILED_PRECONDITION,
  PRICE_CHANGED: GrpcCode.FAILED_PRECONDITION,
  HOLD_NOT_OPEN: GrpcCode.FAILED_PRECONDITION,
  CAPTURE_EXCEEDS_HOLD: GrpcCode.FAILED_PRECONDITION,
  REVERSAL_EXCEEDS_ORIGINAL: GrpcCode.FAILED_PRECONDITION,
  NOT_REVERSIBLE: GrpcCode.FAILED_PRECONDITION,
  AMOUNT_OVERFLOW: GrpcCode.OUT_OF_RANGE,
  ITEM_NOT_FOUND: GrpcCode.NOT_FOUND,
  TRANSACTION_NOT_FOUND: GrpcCode.NOT_FOUND,
  HOLD_NOT_FOUND: GrpcCode.NOT_FOUND,
  REQUEST_NOT_FOUND: GrpcCode.NOT_FOUND,
  REQUEST_ID_REUSED: GrpcCode.ALREADY_EXISTS,
  CONFLICT: GrpcCode.ABORTED,
  OVERLOADED: GrpcCode.RESOURCE_EXHAUSTED,
  STORE_UNAVAILABLE: GrpcCode.UNAVAILABLE,
  NOT_STARTED: GrpcCode.DEADLINE_EXCEEDED,
  INTERNAL: GrpcCode.INTERNAL,
};

/** What a NOT_FOUND did not find: its type, and which metadata names it. */
const RESOURCES: Partial<Record<Reason, readonly [type: string, key: string]>> = {
  ITEM_NOT_FOUND: ['ledger.v1.Item', 'item_id'],
  TRANSACTION_NOT_FOUND: ['ledger.v1.Transaction', 'transaction_id'],
  HOLD_NOT_FOUND: ['ledger.v1.Hold', 'hold_id'],
  REQUEST_NOT_FOUND: ['ledger.v1.Request', 'request_id'],
};

/** An error on its way to the caller. */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(
    readonly facts: ErrorFacts,
    options?: ErrorOptions,
  ) {
    super(facts.message, options);
  }
}

/** The one function that turns what is known of an error into a status with its details. */
export function errorStatus(facts: ErrorFacts): ErrorStatus {
  const code = CODES[facts.reason];
  const details = [
    detail(
      ErrorInfo,
      'ErrorInfo',
      ErrorInfo.create({
        reason: facts.reason,
        domain: DOMAIN,
        metadata: new Map(Object.entries(facts.metadata ?? {})),
      }),
    ),
  ];
  const more = furtherDetail(code, facts);
  if (more !== null) details.push(more);
  const bytes = Buffer.from(Status.encode({ code, message: facts.message, details }).finish());
  return { code, reason: facts.reason, bytes };
}

/** The same error, told of a part of a larger request: its ErrorInfo says which under `write`. */
export function errorAt(path: string, { code, reason, bytes }: EncodedOutcome): EncodedOutcome {
  const status = Status.decode(bytes);
  const details = status.details.map((any) => {
    if (any.typeUrl !== typeUrlOf('ErrorInfo')) return any;
    const info = ErrorInfo.decode(any.value);
    return detail(ErrorInfo, 'ErrorInfo', {
      ...info,
      metadata: new Map([...info.metadata, ['write', path]]),
    });
  });
  const message = `${path}: ${status.message}`;
  return { code, reason, bytes: Buffer.from(Status.encode({ code, message, details }).finish()) };
}

function furtherDetail(code: GrpcCode, facts: ErrorFacts): AnyDetail | null {
  const { reason, message, metadata = {} } = facts;
  if (reason === 'INVALID_FIELD') {
    const fieldViolations = (facts.violations ?? []).map(({ field, description }) => ({
      field,
      description,
    }));
    return detail(BadRequest, 'BadRequest', BadRequest.create({ fieldViolations }));
  }
  if (code === GrpcCode.FAILED_PRECONDITION) {
    const subject = [metadata['user_id'], metadata['asset'], metadata['item_id'], metadata['hold_id']];
    const violation = { type: reason, subject: subject.filter(Boolean).join('/'), description: message };
    return detail(
      PreconditionFailure,
      'PreconditionFailure',
      PreconditionFailure.create({ violations: [violation] }),
    );
  }
  const resource = RESOURCES[reason];
  if (resource !== undefined) {
    const [resourceType, key] = resource;
    const resourceName = metadata[key] ?? '';
    return detail(
      ResourceInfo,
      'ResourceInfo',
      ResourceInfo.create({ resourceType, resourceName, description: message }),
    );
  }
  if (reason === 'OVERLOADED' || reason === 'STORE_UNAVAILABLE') {
    const retryDelay = { seconds: 0n, nanos: RETRY_AFTER_MS * 1_000_000 };
    return detail(RetryInfo, 'RetryInfo', RetryInfo.create({ retryDelay }));
  }
  return null;
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
  return {
    typeUrl: `type.googleapis.com/google.rpc.${name}`,
    value: Buffer.from(type.encode(message).finish()),
  };
}

function typeUrlOf(name: string): string {
  return `type.googleapis.com/google.rpc.${name}`;
}
