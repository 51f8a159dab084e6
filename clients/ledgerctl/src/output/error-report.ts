import { CommanderError } from '@commander-js/extra-typings';
import type { LedgerError } from '@ledger/client';
import type { CommandContext } from '../command-context';
import { EXIT, exitCodeOf, isLedgerError, RowsFailed, WritesFailed } from '../exit-codes';
import type { GlobalOptions } from '../global-options';
import { addressOf } from '../ledger-contexts';
import { retryLine } from './command-line';
import { hintsFor } from './hints';
import { Paint } from './paint';
import { printable } from './printable';

type Target = Pick<GlobalOptions, 'address' | 'context' | 'timeout' | 'minor'>;

/** The least that a write gets that is sent again because its time ran out. */
const LONGER_TIMEOUT_MS = 30_000;

/** The lines about an error on standard error: what happened and what to do. Empty when they are printed already. */
export function errorReport(error: unknown, context: CommandContext, target: Target): string {
  // Commander prints its errors itself.
  if (error instanceof CommanderError) return '';
  const message = (error instanceof Error ? error.message : String(error)).trimEnd();
  return [
    `${new Paint(context.stderr, context.env).red('error:')} ${printable(message)}`,
    ...nextSteps(error, context, target),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function nextSteps(error: unknown, context: CommandContext, target: Target): string[] {
  const retry = (requestId: string, cause: LedgerError): string[] => [
    '  This sends it again, and books it once at most:',
    `    ${retryLine(context.args, addressOf(target, context.env), requestId, longerTimeout(cause, target))}`,
  ];
  if (error instanceof WritesFailed) {
    if (exitCodeOf(error) === EXIT.unavailable) return retry(error.requestId, error.cause);
    return [
      '  What is booked stays booked, and a failure stays the answer to its request id: to try again, send the',
      '  failed writes alone, with new ids.',
    ];
  }
  if (error instanceof RowsFailed) {
    return [
      '  When their cause is gone, this imports them, and books each once at most:',
      `    ${error.nextLine}`,
    ];
  }
  if (!isLedgerError(error)) return [];
  const hints = hintsFor(error, target).map((text) => `  ${text}`);
  const { requestId = '' } = error;
  if (requestId === '') return hints;
  if (exitCodeOf(error) === EXIT.unavailable) {
    return [...hints, `  ${bookingOf(error)}`, ...retry(requestId, error)];
  }
  return [
    ...hints,
    '  Nothing was booked.',
    ...(isKept(error)
      ? [`  This stays the answer to request id ${requestId}: a new try needs a new one.`]
      : []),
  ];
}

function bookingOf({ outcomeUnknown, method }: LedgerError): string {
  if (!outcomeUnknown) return 'Nothing was booked.';
  return method === 'batchWrite' ? 'All or a part of it may have been booked.' : 'It may have been booked.';
}

/** With the same time it would probably end in the same way. */
function longerTimeout({ codeName }: LedgerError, { timeout = 0 }: Target): number | undefined {
  return codeName === 'DEADLINE_EXCEEDED' ? Math.max(2 * timeout, LONGER_TIMEOUT_MS) : undefined;
}

/** Whether the ledger stored the failure as the outcome of the request id. */
export function isKept({ reason }: LedgerError): boolean {
  return reason !== undefined && !['INVALID_FIELD', 'REQUEST_ID_REUSED', 'INTERNAL'].includes(reason);
}
