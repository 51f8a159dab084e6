import { status as GrpcCode } from '@grpc/grpc-js';
import { CallError, type BareReason, type ErrorFacts } from './call-error';
import type { CallLog } from './call-log';
import type { CallResult } from './call-result';
import type { ErrorCodec } from './error-codec';

/** How the errors of a server end its calls. */
export interface ErrorPolicy<Reason extends string> {
  readonly codec: ErrorCodec<Reason | 'INTERNAL'>;
  /** What a caller may know about an error that is not a CallError of this server. */
  readonly describe: (error: unknown) => ErrorFacts<Reason | 'INTERNAL'>;
}

/** What a caller may know about a fault of the program. */
export const INTERNAL_ERROR: ErrorFacts<'INTERNAL'> = {
  reason: 'INTERNAL',
  message: 'internal error; the cause is in the log',
};

const BARE_CODES: Readonly<Record<BareReason, GrpcCode>> = {
  CANCELLED: GrpcCode.CANCELLED,
  UNIMPLEMENTED: GrpcCode.UNIMPLEMENTED,
};

const NO_DETAILS = Buffer.alloc(0);

/**
 * How a call ends whose caller has left, or whose deadline has passed, before its handler failed. That the handler was
 * stopped, and what it called, is no outage; a fault of the program stays one. The result only goes to the log.
 */
export function resultOfAbandoned<Reason extends string>(
  error: unknown,
  deadline: number,
  policy: ErrorPolicy<Reason>,
  log: CallLog,
): CallResult {
  const isKnown = isCallError(error) || policy.describe(error).reason === 'INTERNAL';
  return isKnown ? resultOfError(error, policy, log) : callerLeft(deadline);
}

/** The timers of a call and of what it called end at the same time, in any order. */
const DEADLINE_SLACK_MS = 10;

/** Whether a deadline has passed, in milliseconds since 1970. */
export function isOver(deadline: number): boolean {
  return deadline <= Date.now() + DEADLINE_SLACK_MS;
}

/** Only for the log: grpc-js has sent the status already, or there is nobody to send it to. */
export function callerLeft(deadline: number): CallResult {
  const code = isOver(deadline) ? GrpcCode.DEADLINE_EXCEEDED : GrpcCode.CANCELLED;
  return { code, reason: '', bytes: NO_DETAILS, replayed: false };
}

/** The one way from an error to how its call ends. The cause of a fault or an outage goes to the log alone. */
export function resultOfError<Reason extends string>(
  error: unknown,
  { codec, describe }: ErrorPolicy<Reason>,
  log: CallLog,
): CallResult {
  if (isCallError(error)) {
    if (isBare(error.reason)) {
      return { code: BARE_CODES[error.reason], reason: '', bytes: NO_DETAILS, replayed: false };
    }
    if (codec.knows(error)) {
      const { retryAfterMs } = error;
      return {
        ...codec.encode(error.reason === 'INTERNAL' ? INTERNAL_ERROR : error),
        ...{ replayed: false, retryAfterMs },
      };
    }
  }
  const result = { ...codec.encode(describe(error)), replayed: false };
  if (CAUSE_IS_LOGGED.has(result.code)) log.fault('a call failed', error);
  return result;
}

/** Codes that hide from the caller what went wrong. */
const CAUSE_IS_LOGGED: ReadonlySet<GrpcCode> = new Set([GrpcCode.INTERNAL, GrpcCode.UNAVAILABLE]);

// Narrowed by instanceof alone, its reason would be of type any.
function isCallError(error: unknown): error is CallError {
  return error instanceof CallError;
}

function isBare(reason: string): reason is BareReason {
  return Object.hasOwn(BARE_CODES, reason);
}
