import type { ErrorReasonName, LedgerError } from '@ledger/client';
import type { GlobalOptions } from '../global-options';
import { scaleOf } from '../scale';
import { formatAmount } from './amount';
import { commandLine } from './command-line';

/** What the user can do about an error of the ledger, one line each. */
export function hintsFor(error: LedgerError, { minor = false }: Pick<GlobalOptions, 'minor'>): string[] {
  if (error.reason === undefined) return byCode[error.codeName]?.(error, minor) ?? [];
  return [...inWholeUnits(error, minor), ...byReason[error.reason](error, minor)];
}

/** The ledger's messages count the smallest unit. Where people do not, its numbers once more as they read them. */
function inWholeUnits({ metadata }: LedgerError, minor: boolean): string[] {
  const { asset = '' } = metadata;
  if (minor || scaleOf(asset) === 0) return [];
  const amounts = AMOUNTS.flatMap((name) => {
    const units = metadata[name];
    return units === undefined ? [] : `${name.replaceAll('_', ' ')} ${formatAmount(units, asset, false)}`;
  });
  return amounts.length === 0 ? [] : [`In whole units of ${asset}: ${amounts.join(', ')}.`];
}

/** The metadata of errors that counts the asset beside it. */
const AMOUNTS = ['balance', 'held', 'available', 'required', 'min_balance'] as const;

type Hints = (error: LedgerError, minor: boolean) => string[];

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
  PRICE_CHANGED: ({ metadata: { current_version = '', current_price = '', asset = '' } }, minor) => [
    `It is ${formatAmount(current_price, asset, minor)} ${asset} now: --price-version ${current_version} pays that.`,
  ],
  HOLD_NOT_OPEN: () => [`Place another one with: ${line('hold', 'place')}`],
  CAPTURE_EXCEEDS_HOLD: () => ['Leave --amount out to capture all of it.'],
  REVERSAL_EXCEEDS_ORIGINAL: () => ['Leave --amount out to reverse all that is left.'],
  NOT_REVERSIBLE: () => [`Book it the other way round with: ${line('post')}`],
  AMOUNT_OVERFLOW: () => ['No balance may pass 9223372036854775807 of the smallest unit.'],
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
  ACCOUNT_LOCKED: () => ['Another transaction holds the account: give it more time with --timeout.'],
  HISTORY_DIVERGED: () => ['The ledger was put back to an earlier state: read again what you know of it.'],
  CLOCK_BEHIND: () => ["The clock of the ledger's database is wrong: its operator has to set it."],
  LIMIT_EXCEEDED: () => ['Capture or release some of its holds, or let them expire.'],
  ANSWER_TOO_LARGE: () => ['Send fewer writes at a time, or add "omitBodies": true to the batch.'],
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
