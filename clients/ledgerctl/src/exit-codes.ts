import { CommanderError } from '@commander-js/extra-typings';
import type { ErrorReasonName, LedgerError } from '@ledger/client';
import { UsageError } from './input/usage-error';

/** The exit codes of the program. They are stable: scripts may rely on them. */
export const EXIT = {
  ok: 0,
  other: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  conflict: 5,
  unavailable: 6,
  violations: 7,
  interrupted: 130,
  terminated: 143,
} as const;

/** One of them. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What each exit code means. The help and the README show this table. */
export const EXIT_CODE_MEANINGS: { readonly [Code in ExitCode]: string } = {
  [EXIT.ok]: 'done',
  [EXIT.other]: 'any error that is not listed here',
  [EXIT.usage]: 'wrong usage, or a malformed value: nothing was booked',
  [EXIT.notFound]: 'not found',
  [EXIT.refused]: 'refused: insufficient funds, frozen, not open, or another state',
  [EXIT.conflict]: 'the request id was used for another request, or an expected version is stale',
  [EXIT.unavailable]: 'no answer, or none yet: send a write again with its request id to learn its outcome',
  [EXIT.violations]: 'verify found violations',
  [EXIT.interrupted]: 'stopped by SIGINT, such as by Ctrl-C',
  [EXIT.terminated]: 'stopped by SIGTERM',
};

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
  ACCOUNT_LOCKED: EXIT.unavailable,
  HISTORY_DIVERGED: EXIT.conflict,
  CLOCK_BEHIND: EXIT.unavailable,
  ANSWER_TOO_LARGE: EXIT.usage,
  LIMIT_EXCEEDED: EXIT.refused,
};

/** For errors that do not come from the ledger itself and so have no reason. */
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

/** The exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (isLedgerError(error)) {
    if (error.outcomeUnknown) return EXIT.unavailable;
    return error.reason === undefined ? (byCode[error.codeName] ?? EXIT.other) : byReason[error.reason];
  }
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof ViolationsFound) return EXIT.violations;
  if (error instanceof WritesFailed || error instanceof RowsFailed) return exitCodeOf(error.cause);
  return EXIT.other;
}

/** `verify` found violations. They are printed already. */
export class ViolationsFound extends Error {
  override readonly name = 'ViolationsFound';
}

/** Some writes of a batch failed. They are printed already. */
export class WritesFailed extends Error {
  override readonly name = 'WritesFailed';

  /** @param cause the error that decides the exit code */
  constructor(
    message: string,
    /** Of the batch. */
    readonly requestId: string,
    override readonly cause: LedgerError,
  ) {
    super(message);
  }
}

/** Some rows of an import failed. They are in a file of their own. */
export class RowsFailed extends Error {
  override readonly name = 'RowsFailed';

  /** @param cause the error that decides the exit code */
  constructor(
    message: string,
    /** The line that imports the rows that failed. */
    readonly nextLine: string,
    override readonly cause: Error,
  ) {
    super(message);
  }
}

/** Compares the name, because importing the class would load the client for every command. */
export function isLedgerError(error: unknown): error is LedgerError {
  return error instanceof Error && error.name === 'LedgerError';
}
