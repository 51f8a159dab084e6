import { CommanderError } from '@commander-js/extra-typings';
import type { ErrorReasonName, LedgerError } from '@ledger/client';
import { UsageError } from './usage-error';

/** How the program ends. Stable: scripts may rely on them. */
export const EXIT = {
  ok: 0,
  /** Anything that is not listed here. */
  other: 1,
  /** The command, or a value in it, is malformed: nothing was booked. */
  usage: 2,
  notFound: 3,
  /** The state of the account, item, hold or transaction does not allow it, such as too little money. */
  refused: 4,
  /** The request id was used for something else, or what was expected is stale. */
  conflict: 5,
  /** No answer, or none yet: of a write the same request id tells what became of it. */
  unavailable: 6,
  /** `verify` found rules that do not hold. */
  violations: 7,
  /** Ctrl-C. */
  interrupted: 130,
  terminated: 143,
} as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const byReason: { readonly [Reason in ErrorReasonName]: ExitCode } = {
  INVALID_FIELD: EXIT.usage,
  INSUFFICIENT_FUNDS: EXIT.refused,
  ACCOUNT_FROZEN: EXIT.refused,
  ITEM_INACTIVE: EXIT.refused,
  PRICE_CHANGED: EXIT.refused,
  HOLD_NOT_OPEN: EXIT.refused,
  CAPTURE_EXCEEDS_HOLD: EXIT.refused,
  REVERSAL_EXCEEDS_ORIGINAL: EXIT.refused,
  NOT_REVERSIBLE: EXIT.refused,
  AMOUNT_OVERFLOW: EXIT.refused,
  ITEM_NOT_FOUND: EXIT.notFound,
  TRANSACTION_NOT_FOUND: EXIT.notFound,
  HOLD_NOT_FOUND: EXIT.notFound,
  REQUEST_NOT_FOUND: EXIT.notFound,
  REQUEST_ID_REUSED: EXIT.conflict,
  CONFLICT: EXIT.conflict,
  OVERLOADED: EXIT.unavailable,
  STORE_UNAVAILABLE: EXIT.unavailable,
  NOT_STARTED: EXIT.unavailable,
  INTERNAL: EXIT.other,
};

/** For errors that are not the ledger's own. */
const byCode: { readonly [codeName: string]: ExitCode } = {
  INVALID_ARGUMENT: EXIT.usage,
  NOT_FOUND: EXIT.notFound,
  FAILED_PRECONDITION: EXIT.refused,
  OUT_OF_RANGE: EXIT.refused,
  ALREADY_EXISTS: EXIT.conflict,
  ABORTED: EXIT.conflict,
  UNAVAILABLE: EXIT.unavailable,
  DEADLINE_EXCEEDED: EXIT.unavailable,
  CANCELLED: EXIT.unavailable,
};

/** The one place that says which error ends the program how. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isLedgerError(error)) {
    if (error.outcomeUnknown) return EXIT.unavailable;
    return error.reason === undefined ? (byCode[error.codeName] ?? EXIT.other) : byReason[error.reason];
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof ViolationsFound) return EXIT.violations;
  if (error instanceof WritesFailed) return exitCodeOf(error.cause);
  return EXIT.other;
}

/** `verify` came to its end, and found something. It is printed already. */
export class ViolationsFound extends Error {
  override readonly name = 'ViolationsFound';
}

/** Some writes of a batch failed. They are printed already. */
export class WritesFailed extends Error {
  override readonly name = 'WritesFailed';

  /** @param cause the error that decides how the program ends */
  constructor(
    message: string,
    /** Of the batch. */
    readonly requestId: string,
    override readonly cause: LedgerError,
  ) {
    super(message);
  }
}

/** By its name: the client is loaded only when it is needed, and then its errors are there. */
export function isLedgerError(error: unknown): error is LedgerError {
  return error instanceof Error && error.name === 'LedgerError';
}
