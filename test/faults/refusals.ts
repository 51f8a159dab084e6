import type { ErrorReasonName } from '@ledger/client';
import type { Write } from '../model/write';
import { UNKNOWN_ID, UNKNOWN_ITEM } from '../model/write-of-draft';
import type { Outcome } from './outcome';
import type { ObservedLedger } from './observed-ledger';
import { scopeOf } from './write-intent';

const INT64_MAX = 2n ** 63n - 1n;

type Refused = Outcome & { readonly type: 'refused' };

/** A refusal, and what is known about the ledger. */
interface Case {
  readonly intent: Write;
  readonly about: Readonly<Record<string, string>>;
  readonly ledger: ObservedLedger;
  readonly before: readonly Write[];
}

/**
 * Whether a refusal is justified: the reason fits the write, and the metadata was true at some time.
 *
 * @param before the writes before it in the same failed atomic batch: it saw their effects, which no one else ever
 * did
 */
export function isJustifiedRefusal(
  intent: Write,
  { reason, about }: Refused,
  ledger: ObservedLedger,
  before: readonly Write[] = [],
): boolean {
  const check = new Map(Object.entries(CHECKS)).get(reason);
  return check?.({ intent, about, ledger, before }) ?? false;
}

/** The checks for all reasons that the load can get. */
const CHECKS: Partial<Record<ErrorReasonName, (given: Case) => boolean>> = {
  INSUFFICIENT_FUNDS: isShort,
  AMOUNT_OVERFLOW: overflows,
  ACCOUNT_FROZEN: ({ about, ledger, before }) => {
    const settings = ledger.settings.get(`${about['user_id'] ?? ''} ${about['asset'] ?? ''}`) ?? [];
    return settings.some(({ frozen }) => frozen) || before.some(({ $case }) => $case === 'updateAccount');
  },
  CONFLICT: isConflict,
  ITEM_NOT_FOUND: ({ intent, about }) => {
    const { version } = about;
    if (itemOf(intent) === UNKNOWN_ITEM) return true;
    // Each item has its first version before the load begins; a later one may be put after this refusal.
    return version !== undefined && version === versionOf(intent) && BigInt(version) > 1n;
  },
  ITEM_INACTIVE: ({ intent, about, ledger, before }) => {
    const current = ledger.items.get(`${itemOf(intent)} ${about['current_version'] ?? ''}`);
    return current?.active === false || before.some(({ $case }) => $case === 'putItem');
  },
  TRANSACTION_NOT_FOUND: ({ intent, ledger }) => {
    if (intent.$case !== 'reverseTransaction') return false;
    const { transactionId, userId } = intent.value;
    const { write } = ledger.transactions.get(transactionId) ?? {};
    return transactionId === UNKNOWN_ID || (write !== undefined && scopeOf(write.intent) !== userId);
  },
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
  HOLD_NOT_FOUND: ({ intent, ledger }) => {
    if (intent.$case !== 'captureHold' && intent.$case !== 'releaseHold') return false;
    const { holdId, userId } = intent.value;
    const { placed } = ledger.holds.get(holdId) ?? {};
    return holdId === UNKNOWN_ID || (placed !== undefined && placed.userId !== userId);
  },
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

/** The product, or a balance that there was, leaves the range of int64 by the change. */
function overflows({ intent, about, ledger, before }: Case): boolean {
  const { user_id: userId, asset = '', item_id: itemId } = about;
  if (itemId !== undefined) {
    const { price, quantity } = numbersOf(about, ['price', 'quantity']);
    return itemOf(intent) === itemId && price * quantity > INT64_MAX;
  }
  if (intent.$case === 'placeHold') {
    const held = [...ledger.holds.values()].filter(
      ({ placed }) => placed.userId === userId && placed.asset === asset,
    );
    return held.reduce((sum, { placed }) => sum + placed.amount, intent.value.amount) > INT64_MAX;
  }
  const { balance, change } = numbersOf(about, ['balance', 'change']);
  const after = balance + change;
  if (userId === undefined || (after <= INT64_MAX && after >= -INT64_MAX - 1n)) return false;
  return before.length > 0 || ledger.everHadBalance(userId, asset, balance);
}

/** The account had that balance, and it did not suffice for the request. */
function isShort({ intent, about, ledger, before }: Case): boolean {
  const { user_id: userId = '', asset = '', min_balance: minimum } = about;
  const { balance, available, required } = numbersOf(about, ['balance', 'available', 'required']);
  if (before.length === 0 && !ledger.everHadBalance(userId, asset, balance)) return false;
  if (available > balance) return false;
  const asked = requiredOf(intent, userId, asset);
  if (asked !== undefined && asked !== required) return false;
  // A new minimum is compared with the available balance; every other write with what it would leave.
  if (intent.$case === 'updateAccount') return required > available;
  return available - required < BigInt(minimum ?? 0);
}

/** The amount that the write requires from an account; undefined where the request does not say. */
function requiredOf(intent: Write, userId: string, asset: string): bigint | undefined {
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
    // These require nothing, so a refusal for this reason is never justified.
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
  if (intent.$case === 'putItem') return expected === intent.value.expectedVersion?.toString();
  if (intent.$case !== 'postTransaction') return false;
  const leg = intent.value.legs.find((each) => each.userId === userId && each.asset === asset);
  return leg?.expectedSequence?.toString() === expected;
}

function itemOf(intent: Write): string {
  return intent.$case === 'purchase' && intent.value.subject.$case === 'item'
    ? intent.value.subject.value.itemId
    : '';
}

function versionOf(intent: Write): string | undefined {
  if (intent.$case !== 'purchase' || intent.value.subject.$case !== 'item') return undefined;
  return intent.value.subject.value.priceVersion?.toString();
}

function holdIdOf(intent: Write): string {
  return intent.$case === 'captureHold' || intent.$case === 'releaseHold' ? intent.value.holdId : '';
}

function numbersOf<Name extends string>(
  about: Readonly<Record<string, string>>,
  names: readonly Name[],
): Record<Name, bigint> {
  const numbers = names.map((name) => [name, BigInt(about[name] ?? -1)]);
  // Built from all names in the line above.
  return Object.fromEntries(numbers) as Record<Name, bigint>;
}
