import type { ErrorReasonName } from '@ledger/client';
import { UNKNOWN_ID, UNKNOWN_ITEM } from './draw-write';
import type { Outcome } from './outcome';
import type { ObservedLedger } from './observed-ledger';
import type { SingleWrite } from './write-intent';

type Refused = Outcome & { readonly type: 'refused' };

/** What a refusal says, and what is known beside it. */
interface Case {
  readonly intent: SingleWrite;
  readonly about: Readonly<Record<string, string>>;
  readonly ledger: ObservedLedger;
  readonly before: readonly SingleWrite[];
}

/**
 * Whether a write could be refused so: the reason belongs to it, and what the refusal tells was true once.
 *
 * @param before the writes before it in the atomic batch that failed with it: it saw what they did, and nobody else
 * ever did
 */
export function isJustifiedRefusal(
  intent: SingleWrite,
  { reason, about }: Refused,
  ledger: ObservedLedger,
  before: readonly SingleWrite[] = [],
): boolean {
  const check = new Map(Object.entries(CHECKS)).get(reason);
  return check?.({ intent, about, ledger, before }) ?? false;
}

/** All reasons that the load can meet. */
const CHECKS: Partial<Record<ErrorReasonName, (given: Case) => boolean>> = {
  INSUFFICIENT_FUNDS: isShort,
  ACCOUNT_FROZEN: ({ about, ledger, before }) => {
    const settings = ledger.settings.get(`${about['user_id'] ?? ''} ${about['asset'] ?? ''}`) ?? [];
    return settings.some(({ frozen }) => frozen) || before.some(({ $case }) => $case === 'updateAccount');
  },
  CONFLICT: isConflict,
  ITEM_NOT_FOUND: ({ intent }) => itemOf(intent) === UNKNOWN_ITEM,
  ITEM_INACTIVE: ({ intent, about, ledger, before }) => {
    const current = ledger.items.get(`${itemOf(intent)} ${about['current_version'] ?? ''}`);
    return current?.active === false || before.some(({ $case }) => $case === 'putItem');
  },
  TRANSACTION_NOT_FOUND: ({ intent }) =>
    intent.$case === 'reverseTransaction' && intent.value.transactionId === UNKNOWN_ID,
  NOT_REVERSIBLE: ({ intent, ledger }) => {
    if (intent.$case !== 'reverseTransaction') return false;
    const { transaction } = ledger.transactions.get(intent.value.transactionId) ?? {};
    if (transaction === undefined) return false;
    const isInParts = intent.value.amount !== 0n && transaction.entries.length > 2;
    return transaction.reversesTransactionId !== '' || isInParts;
  },
  REVERSAL_EXCEEDS_ORIGINAL: ({ intent, about }) => {
    if (intent.$case !== 'reverseTransaction') return false;
    const { reversible, requested } = numbersOf(about, ['reversible', 'requested']);
    return requested === intent.value.amount && (reversible === 0n || reversible < requested);
  },
  HOLD_NOT_FOUND: ({ intent }) => holdIdOf(intent) === UNKNOWN_ID,
  HOLD_NOT_OPEN: ({ intent, ledger, before }) => {
    if (intent.$case === 'placeHold') return intent.value.expireTime !== undefined;
    const { placed, ended = [] } = ledger.holds.get(holdIdOf(intent)) ?? {};
    const endedBefore = before.some((write) => holdIdOf(write) === holdIdOf(intent));
    return ended.length > 0 || endedBefore || placed?.expireTime !== undefined;
  },
  CAPTURE_EXCEEDS_HOLD: ({ intent, about, ledger }) => {
    if (intent.$case !== 'captureHold') return false;
    const { held, requested } = numbersOf(about, ['held', 'requested']);
    const amount = ledger.holds.get(intent.value.holdId)?.placed.amount;
    return held === amount && requested === intent.value.amount && requested > held;
  },
};

/** Too little for what was asked, of a balance that the account had. */
function isShort({ intent, about, ledger, before }: Case): boolean {
  const { user_id: userId = '', asset = '', min_balance: minimum } = about;
  const { balance, available, required } = numbersOf(about, ['balance', 'available', 'required']);
  if (before.length === 0 && !ledger.everHadBalance(userId, asset, balance)) return false;
  if (available > balance) return false;
  const asked = requiredOf(intent, userId, asset);
  if (asked !== undefined && asked !== required) return false;
  // Settings are refused for what is there, all others for what would be left.
  if (intent.$case === 'updateAccount') return required > available;
  return available - required < BigInt(minimum ?? 0);
}

/** What the write needs of an account; undefined where the intent does not tell. */
function requiredOf(intent: SingleWrite, userId: string, asset: string): bigint | undefined {
  switch (intent.$case) {
    case 'purchase':
      return intent.value.subject.$case === 'price' ? intent.value.subject.value.amount : undefined;
    case 'transfer':
    case 'placeHold':
      return intent.value.amount;
    case 'postTransaction': {
      const leg = intent.value.legs.find((each) => each.userId === userId && each.asset === asset);
      return -(leg?.change ?? 0n);
    }
    case 'updateAccount':
      return intent.value.minBalance;
    case 'reverseTransaction':
      return undefined;
    // These need nothing: no refusal of this reason fits.
    case 'credit':
    case 'captureHold':
    case 'releaseHold':
    case 'putItem':
      return 0n;
  }
}

function isConflict({ intent, about }: Case): boolean {
  const { expected, current, user_id: userId, asset } = about;
  if (expected === current) return false;
  if (intent.$case === 'updateAccount') return expected === intent.value.etag;
  if (intent.$case !== 'postTransaction') return false;
  const leg = intent.value.legs.find((each) => each.userId === userId && each.asset === asset);
  return leg?.expectedSequence?.toString() === expected;
}

function itemOf(intent: SingleWrite): string {
  return intent.$case === 'purchase' && intent.value.subject.$case === 'item'
    ? intent.value.subject.value.itemId
    : '';
}

function holdIdOf(intent: SingleWrite): string {
  return intent.$case === 'captureHold' || intent.$case === 'releaseHold' ? intent.value.holdId : '';
}

function numbersOf<Name extends string>(
  about: Readonly<Record<string, string>>,
  names: readonly Name[],
): Record<Name, bigint> {
  const numbers = names.map((name) => [name, BigInt(about[name] ?? -1)]);
  // Made of all names just now.
  return Object.fromEntries(numbers) as Record<Name, bigint>;
}
