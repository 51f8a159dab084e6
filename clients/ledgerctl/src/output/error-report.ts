import { CommanderError } from '@commander-js/extra-typings';
import type { LedgerError } from '@ledger/client';
import type { CommandContext } from '../command-context';
import { EXIT, exitCodeOf, isLedgerError, WritesFailed } from '../exit-codes';
import type { GlobalOptions } from '../global-options';
import { addressOf } from '../ledger-contexts';
import { retryLine } from './command-line';
import { hintsFor } from './hints';
import { Paint } from './paint';
import { printable } from './printable';

type Target = Pick<GlobalOptions, 'address' | 'context'>;

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
  const retry = (requestId: string): string[] => [
    '  This sends it again, and books it once at most:',
    `    ${retryLine(context.args, addressOf(target, context.env), requestId)}`,
  ];
  if (error instanceof WritesFailed) {
    if (exitCodeOf(error) === EXIT.unavailable) return retry(error.requestId);
    return [
      '  What is booked stays booked, and a failure stays the answer to its request id: to try again, send the',
      '  failed writes alone, with new ids.',
    ];
  }
  if (!isLedgerError(error)) return [];
  const hints = hintsFor(error).map((text) => `  ${text}`);
  const { requestId = '' } = error;
  if (requestId === '') return hints;
  if (exitCodeOf(error) === EXIT.unavailable) {
    return [
      ...hints,
      `  It ${error.outcomeUnknown ? 'may have been' : 'was not'} booked.`,
      ...retry(requestId),
    ];
  }
  return [
    ...hints,
    ...(isKept(error)
      ? [`  This stays the answer to request id ${requestId}: a new try needs a new one.`]
      : []),
  ];
}

/** Whether the ledger stored the failure as the outcome of the request id. */
function isKept({ reason }: LedgerError): boolean {
  return reason !== undefined && !['INVALID_FIELD', 'REQUEST_ID_REUSED', 'INTERNAL'].includes(reason);
}
