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
}

/** Reasons of no contract: the caller gets the gRPC status of that name, without details. */
export type BareReason = 'CANCELLED' | 'UNIMPLEMENTED';

/** What a CallError may carry besides its reason and its message. */
export interface CallErrorOptions extends ErrorOptions {
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly violations?: readonly FieldViolation[] | undefined;
}

/**
 * An error that the caller of an rpc is meant to see; the one class for that on the server side. Anything else that is
 * thrown reaches the caller as INTERNAL or as an outage, and its cause only reaches the log.
 */
export class CallError<Reason extends string = string> extends Error implements ErrorFacts<Reason> {
  override readonly name = 'CallError';
  readonly metadata: Readonly<Record<string, string>>;
  readonly violations: readonly FieldViolation[] | undefined;

  constructor(
    readonly reason: Reason,
    message: string,
    { metadata = {}, violations, ...options }: CallErrorOptions = {},
  ) {
    super(message, options);
    this.metadata = metadata;
    this.violations = violations;
  }
}

/**
 * An error travels in HTTP/2 headers, for which many clients have room for 8 KiB, and node breaks the whole connection
 * above 64 KiB. So it names at most this many violations, shortens each path to so many bytes (a metadata key may have
 * any length), and its message names only the first few.
 */
export const VIOLATIONS_MAX = 24;
const PATH_MAX_BYTES = 80;
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
  const sent = violations
    .slice(0, VIOLATIONS_MAX)
    .map(({ field, description }) => ({ field: shortened(field), description }));
  const named = sent.slice(0, MESSAGE_VIOLATIONS_MAX);
  const more = sent.length > named.length ? '; and more' : '';
  const message = named.map(describe).join('; ') + more;
  const metadata = { field: sent[0]?.field ?? '' };
  return new CallError('INVALID_FIELD', message, { metadata, violations: sent });
}

function shortened(path: string): string {
  if (Buffer.byteLength(path) <= PATH_MAX_BYTES) return path;
  // A character that was cut in two is left out.
  return `${Buffer.from(path)
    .toString('utf8', 0, PATH_MAX_BYTES)
    .replace(/\uFFFD$/, '')}…`;
}
