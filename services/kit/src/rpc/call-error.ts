import { shortened, TEXT_MAX_BYTES } from './shortened';

/** A field of a request and what is wrong with it. */
export interface FieldViolation {
  /** Its path, as the proto names it: `price.amount`. */
  readonly field: string;
  readonly description: string;
}

/** What a caller may know about an error. */
export interface ErrorFacts<Reason extends string = string> {
  /** A name of the service's own ErrorReason, or one of {@link BareReason}. */
  readonly reason: Reason;
  /** For people; every number and name in it is in `metadata` too. */
  readonly message: string;
  /** For programs. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** The fields at fault, for INVALID_FIELD only. */
  readonly violations?: readonly FieldViolation[] | undefined;
  /** When the caller should come again, in milliseconds, for errors that say so. */
  readonly retryAfterMs?: number | undefined;
}

/** Reasons of no contract: the caller gets the gRPC status of that name, without details. */
export type BareReason = 'CANCELLED' | 'UNIMPLEMENTED';

/** What a CallError may carry besides its reason and its message. */
export interface CallErrorOptions extends ErrorOptions {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly violations?: readonly FieldViolation[] | undefined;
  readonly retryAfterMs?: number | undefined;
}

/**
 * An error that the caller of an rpc is meant to see; the one class for that on the server side. Anything else that is
 * thrown reaches the caller as INTERNAL or as an outage, and its cause only reaches the log.
 */
export class CallError<Reason extends string = string> extends Error implements ErrorFacts<Reason> {
  override readonly name = 'CallError';
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[] | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    readonly reason: Reason,
    message: string,
    { metadata = {}, violations, retryAfterMs, ...options }: CallErrorOptions = {},
  ) {
    super(message, options);
    this.metadata = metadata;
    this.violations = violations;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An error names at most this many fields at fault, and its message only the first few of them. */
export const VIOLATIONS_MAX = 24;
const MESSAGE_VIOLATIONS_MAX = 3;

/**
 * The error for fields that cannot be accepted.
 *
 * @param violations at least one; the first 24 are sent
 * @param describe how the message tells of a violation
 */
export function invalidFields(
  violations: readonly FieldViolation[],
  describe: (violation: FieldViolation) => string = ({ field, description }) => `${field} ${description}`,
): CallError<'INVALID_FIELD'> {
  const sent = violations.slice(0, VIOLATIONS_MAX).map(({ field, description }) => ({
    field: shortened(field, TEXT_MAX_BYTES.field),
    description: shortened(description, TEXT_MAX_BYTES.description),
  }));
  const named = sent.slice(0, MESSAGE_VIOLATIONS_MAX);
  const more = sent.length > named.length ? '; and more' : '';
  const message = named.map(describe).join('; ') + more;
  const metadata = { field: sent[0]?.field ?? '' };
  return new CallError('INVALID_FIELD', message, { metadata, violations: sent });
}
