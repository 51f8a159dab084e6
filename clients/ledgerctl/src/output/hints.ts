import type { ErrorReasonName, LedgerError } from '@ledger/client';
import { commandLine } from './command-line';

/** What the user can do about an error of the ledger, one line each. */
export function hintsFor(error: LedgerError): string[] {
  if (error.reason === undefined) return byCode[error.codeName]?.(error) ?? [];
  return byReason[error.reason](error);
}

type Hints = (error: LedgerError) => string[];

const byReason: { readonly [Reason in ErrorReasonName]: Hints } = {
  // The message of the error names the first violation.
  INVALID_FIELD: ({ details }) =>
    (details.badRequest?.fieldViolations ?? []).slice(1).map((one) => `${one.field}: ${one.description}`),
  INSUFFICIENT_FUNDS: ({ metadata }) => [
    `See what is there with: ${line('account', 'get', metadata['user_id'], metadata['asset'])}`,
  ],
  ACCOUNT_FROZEN: ({ metadata }) => [
    `Thaw it with: ${line('account', 'set', metadata['user_id'], metadata['asset'], '--no-frozen')}`,
  ],
  ITEM_INACTIVE: ({ metadata }) => [`See it with: ${line('item', 'get', metadata['item_id'])}`],
  PRICE_CHANGED: ({ metadata: { current_version = '', current_price = '', asset = '' } }) => [
    `It is ${current_price} ${asset} now: --price-version ${current_version} pays that.`,
  ],
  HOLD_NOT_OPEN: () => [`Place another one with: ${line('hold', 'place')}`],
  CAPTURE_EXCEEDS_HOLD: ({ metadata }) => [`Capture at most ${metadata['held'] ?? ''}.`],
  REVERSAL_EXCEEDS_ORIGINAL: ({ metadata }) => [
    `At most ${metadata['reversible'] ?? ''} is left to reverse.`,
  ],
  NOT_REVERSIBLE: () => [`Book it the other way round with: ${line('post')}`],
  AMOUNT_OVERFLOW: () => ['No balance and no total may pass 9223372036854775807.'],
  ITEM_NOT_FOUND: () => [`See what there is with: ${line('item', 'list', '--include-inactive')}`],
  TRANSACTION_NOT_FOUND: ({ metadata }) => [
    `If it is there, this shows its owner: ${line('transaction', metadata['transaction_id'])}`,
  ],
  HOLD_NOT_FOUND: () => [`See a user's holds with: ${line('hold', 'list')} USER`],
  REQUEST_NOT_FOUND: () => ['It has not been decided yet: sending it with this id is safe.'],
  REQUEST_ID_REUSED: ({ metadata }) => [
    `See what it was used for with: ${line('request', metadata['user_id'], metadata['request_id'])}`,
    'For another write leave --request-id out, or give another one.',
  ],
  CONFLICT: ({ metadata }) => [
    `Expected ${metadata['expected'] ?? ''}, it is ${metadata['current'] ?? ''} by now: read it again, then send a new write.`,
  ],
  OVERLOADED: () => ['The ledger has too much to do at the moment.'],
  STORE_UNAVAILABLE: () => ['The ledger is running, but it cannot reach its database.'],
  NOT_STARTED: () => ['It waited for too long: give it more time with --timeout.'],
  INTERNAL: () => ["The cause is in the server's log."],
};

const byCode: { readonly [codeName: string]: Hints } = {
  UNAVAILABLE: () => [
    'Is the ledger running at this address? See --address, LEDGER_ADDRESS and ledgerctl context list.',
  ],
  DEADLINE_EXCEEDED: () => ['Give it more time with --timeout.'],
};

function line(...words: readonly (string | undefined)[]): string {
  return commandLine(words.filter((word) => word !== undefined));
}
