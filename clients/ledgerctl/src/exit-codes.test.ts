import { CommanderError } from '@commander-js/extra-typings';
import { LedgerError } from '@ledger/client';
import { exitCodeOf, ViolationsFound, WritesFailed } from './exit-codes';
import { UsageError } from './input/usage-error';

function ledgerError(reason: string, code: number, outcomeUnknown = false): LedgerError {
  const errorInfo = { domain: 'ledger.v1', reason, metadata: new Map<string, string>() };
  return new LedgerError({ code, text: 'no', method: 'credit', details: { errorInfo }, outcomeUnknown });
}

it.each<[exitCode: number, reason: string, code: number]>([
  [2, 'INVALID_FIELD', 3],
  [3, 'ITEM_NOT_FOUND', 5],
  [3, 'TRANSACTION_NOT_FOUND', 5],
  [3, 'HOLD_NOT_FOUND', 5],
  [3, 'REQUEST_NOT_FOUND', 5],
  [4, 'INSUFFICIENT_FUNDS', 9],
  [4, 'ACCOUNT_FROZEN', 9],
  [4, 'ITEM_INACTIVE', 9],
  [4, 'PRICE_CHANGED', 9],
  [4, 'HOLD_NOT_OPEN', 9],
  [4, 'CAPTURE_EXCEEDS_HOLD', 9],
  [4, 'REVERSAL_EXCEEDS_ORIGINAL', 9],
  [4, 'NOT_REVERSIBLE', 9],
  [4, 'AMOUNT_OVERFLOW', 11],
  [5, 'REQUEST_ID_REUSED', 6],
  [5, 'CONFLICT', 10],
  [6, 'OVERLOADED', 8],
  [6, 'STORE_UNAVAILABLE', 14],
  [6, 'NOT_STARTED', 4],
  [1, 'INTERNAL', 13],
])('%i: %s', (exitCode, reason, code) => {
  expect(exitCodeOf(ledgerError(reason, code))).toBe(exitCode);
});

it.each<[exitCode: number, what: string, code: number]>([
  [2, 'INVALID_ARGUMENT', 3],
  [6, 'UNAVAILABLE', 14],
  [6, 'DEADLINE_EXCEEDED', 4],
  [1, 'UNIMPLEMENTED', 12],
  [1, 'PERMISSION_DENIED', 7],
])('%i: %s without a reason', (exitCode, _what, code) => {
  expect(exitCodeOf(new LedgerError({ code, text: 'no', method: 'credit' }))).toBe(exitCode);
});

it('an unknown outcome goes before everything else', () => {
  expect(exitCodeOf(ledgerError('INTERNAL', 13, true))).toBe(6);
});

it.each<[exitCode: number, error: unknown]>([
  [0, new CommanderError(0, 'commander.helpDisplayed', '')],
  [1, new RangeError('no')],
  [2, new CommanderError(1, 'commander.unknownOption', '')],
  [2, new UsageError('no')],
  [5, new WritesFailed('no', 'batch-1', ledgerError('CONFLICT', 10))],
  [7, new ViolationsFound('no')],
])('%i: %s', (exitCode, error) => {
  expect(exitCodeOf(error)).toBe(exitCode);
});
