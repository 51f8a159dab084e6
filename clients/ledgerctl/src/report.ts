import { CommanderError } from '@commander-js/extra-typings';
import type { LedgerError } from '@ledger/client';
import { adviceFor } from './advice';
import { Paint } from './colour';
import { EXIT, exitCodeOf, isLedgerError, WritesFailed } from './exit-codes';
import { printable } from './printable';
import { retryLine } from './request-line';
import { addressOf, type GlobalOptions } from './session';
import type { Surroundings } from './surroundings';

type Target = Pick<GlobalOptions, 'address' | 'context'>;

/** The lines about an error on standard error: what happened, and what to do. Empty when it has been said already. */
export function reportOf(error: unknown, io: Surroundings, target: Target): string {
  // Commander writes its own.
  if (error instanceof CommanderError) return '';
  const message = (error instanceof Error ? error.message : String(error)).trimEnd();
  return [
    `${new Paint(io.stderr, io.env).red('error:')} ${printable(message)}`,
    ...nextSteps(error, io, target),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function nextSteps(error: unknown, io: Surroundings, target: Target): string[] {
  const retry = (requestId: string): string[] => [
    '  This sends it again, and books it once at most:',
    `    ${retryLine(io.args, addressOf(target, io.env), requestId)}`,
  ];
  if (error instanceof WritesFailed) {
    if (exitCodeOf(error) === EXIT.unavailable) return retry(error.requestId);
    return [
      '  What is booked stays booked, and a failure stays the answer to its request id: to try again, send the',
      '  failed writes alone, with new ids.',
    ];
  }
  if (!isLedgerError(error)) return [];
  const advice = adviceFor(error).map((text) => `  ${text}`);
  const { requestId = '' } = error;
  if (requestId === '') return advice;
  if (exitCodeOf(error) === EXIT.unavailable) {
    return [
      ...advice,
      `  It ${error.outcomeUnknown ? 'may have been' : 'was not'} booked.`,
      ...retry(requestId),
    ];
  }
  return [
    ...advice,
    ...(isKept(error)
      ? [`  This stays the answer to request id ${requestId}: a new try needs a new one.`]
      : []),
  ];
}

/** Whether the failure is the outcome of its request id for ever. */
function isKept({ reason }: LedgerError): boolean {
  return reason !== undefined && !['INVALID_FIELD', 'REQUEST_ID_REUSED', 'INTERNAL'].includes(reason);
}
