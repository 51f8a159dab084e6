import { GENESIS_HASH, isSystemAccount } from '../ledger/account';
import { entryHash } from '../ledger/hash-chain';
import { RAISE_MAX_MICROS } from '../ledger/post';
import type { StoredAccount } from '../store/statements/read-account-range';
import type { ChainEntry, ChainTransaction } from '../store/statements/read-chains';
import { FIRST_ID } from './ledger-reader';
import type { Rule, Violation } from './violation';

/** The state of an account after an entry. */
export interface ChainEnd {
  readonly sequence: bigint;
  /** null: what the entry says is no number that the ledger writes. */
  readonly balance: bigint | null;
  readonly debits: bigint | null;
  readonly hash: Buffer;
  readonly time: bigint | null;
  readonly commitOrder: bigint;
}

/** The state of every account before its first entry. */
export const CHAIN_START: ChainEnd = {
  sequence: 0n,
  balance: 0n,
  debits: 0n,
  hash: GENESIS_HASH,
  time: null,
  commitOrder: 0n,
};

/** Checks the account's row alone, against what was read in the same statement. */
export function checkRow(account: StoredAccount): Violation[] {
  const { sequence, lastSequence, balance, held, openHolds, minBalance } = account;
  const found: Violation[] = [];
  const add = (rule: Rule, at: bigint, detail: string): void => {
    found.push(violationAt(account, rule, at, '', detail));
  };
  if (lastSequence < sequence) {
    add(2, lastSequence + 1n, `the account is at sequence ${sequence}, its entries end at ${lastSequence}`);
  } else if (lastSequence > sequence) {
    add(2, sequence + 1n, `the account is at sequence ${sequence}, its entries go on to ${lastSequence}`);
  }
  if (held !== openHolds) add(3, 0n, `held is ${held}, the open holds sum to ${openHolds}`);
  if (!account.knowsNextExpiry) add(3, 0n, 'an open hold expires before the next expiry that the row knows');
  if (isSystemAccount(account.userId)) {
    if (held !== 0n) add(3, 0n, `a system account holds ${held}`);
  } else if (balance === null || balance - held < minBalance) {
    add(3, 0n, `balance ${numberText(balance)} less held ${held} is below the minimum of ${minBalance}`);
  }
  return found;
}

/** Checks the account's row against its last entry. */
export function checkEnd(account: StoredAccount, end: ChainEnd): Violation[] {
  const found: Violation[] = [];
  const add = (rule: Rule, detail: string): void => {
    found.push(violationAt(account, rule, account.sequence, '', detail));
  };
  if (account.balance === null || account.balance !== end.balance) {
    const [balance, sum] = [numberText(account.balance), numberText(end.balance)];
    add(2, `the account's balance is ${balance}, its entries sum to ${sum}`);
  }
  if (account.debits === null || account.debits !== end.debits) {
    const [debits, sum] = [numberText(account.debits), numberText(end.debits)];
    add(2, `the account's debits are ${debits}, those of its entries sum to ${sum}`);
  }
  // An account that was repaired after a clock that was ahead goes on with an earlier time.
  const isRepaired = account.timeSteps.includes(account.sequence + 1n);
  if (account.lastEntryTime !== end.time && !isRepaired) {
    add(2, `the account's last entry is of ${timeText(account.lastEntryTime)}, not ${timeText(end.time)}`);
  }
  if (account.sequence > 0n && account.commitOrder !== end.commitOrder) {
    add(2, `the account's commit order is ${account.commitOrder}, that of its last entry ${end.commitOrder}`);
  }
  if (!account.lastHash.equals(end.hash)) {
    add(7, `the account's last hash is ${hex(account.lastHash)}, that of its last entry ${hex(end.hash)}`);
  }
  return found;
}

/**
 * Checks an entry against the one before it and against its transaction. Each entry is compared with the stored values
 * before it, so a fault is reported once, where it is, and not for all later entries.
 */
export function checkEntry(account: StoredAccount, before: ChainEnd, entry: ChainEntry): Violation[] {
  const { sequence, transactionId, change, balanceAfter, debitsAfter, transaction } = entry;
  const found: Violation[] = [];
  const add = (rule: Rule, at: bigint, detail: string): void => {
    found.push(violationAt(account, rule, at, transactionId, detail));
  };
  const follows = sequence === before.sequence + 1n;
  if (!follows) add(2, before.sequence + 1n, `the entry is missing; the next one is ${sequence}`);
  if (follows && before.balance !== null && balanceAfter !== before.balance + change) {
    add(2, sequence, `balance ${before.balance} changed by ${change} is not ${numberText(balanceAfter)}`);
  }
  const debit = change < 0n ? -change : 0n;
  if (follows && before.debits !== null && debitsAfter !== before.debits + debit) {
    add(2, sequence, `debits of ${before.debits} and then ${debit} are not ${numberText(debitsAfter)}`);
  }
  if (entry.createTime !== null && entry.createTime > account.clock + RAISE_MAX_MICROS) {
    add(
      2,
      sequence,
      `its time ${timeText(entry.createTime)} is ahead of the database's clock, ${account.clock} µs`,
    );
  }
  const goesBack = before.time !== null && entry.createTime !== null && entry.createTime < before.time;
  if (goesBack && !account.timeSteps.includes(sequence)) {
    add(
      2,
      sequence,
      `its time ${timeText(entry.createTime)} is before the previous ${timeText(before.time)}`,
    );
  }
  // If the settings were never changed, the minimum was zero at all times.
  if (
    balanceAfter !== null &&
    balanceAfter < 0n &&
    account.settingsVersion === 0n &&
    !isSystemAccount(account.userId)
  ) {
    add(3, sequence, `it left a balance of ${balanceAfter}, the minimum was always 0`);
  }
  if (transaction === null) {
    add(1, sequence, `its transaction ${transactionId} is missing`);
    return found;
  }
  for (const [rule, detail] of checkTransactionLink(before, entry, transaction)) add(rule, sequence, detail);
  const expected = follows ? hashOf(account, before, entry, transaction) : entry.hash;
  if (expected === null || !entry.hash.equals(expected)) {
    add(
      7,
      sequence,
      `its hash is ${hex(entry.hash)}, its content gives ${expected === null ? 'none' : hex(expected)}`,
    );
  }
  return found;
}

/** The state of the account after the entry, from the stored values. */
export function endAfter(before: ChainEnd, entry: ChainEntry): ChainEnd {
  const { sequence, balanceAfter: balance, debitsAfter: debits, hash, createTime, transaction } = entry;
  const commitOrder = transaction?.commitOrder ?? before.commitOrder;
  return { sequence, balance, debits, hash, time: createTime, commitOrder };
}

/** A violation at an entry of an account; sequence 0 names the account as a whole. */
export function violationAt(
  { userId, asset, stripe }: Pick<Violation, 'userId' | 'asset' | 'stripe'>,
  rule: Rule,
  sequence: bigint,
  transactionId: string,
  detail: string,
): Violation {
  return { rule, userId, asset, stripe, sequence, transactionId, detail };
}

/** Checks that an entry and its transaction name each other, and that the entry repeats its values. */
function* checkTransactionLink(
  before: ChainEnd,
  { kind, createTime, effectiveTime, transactionId }: ChainEntry,
  transaction: ChainTransaction,
): Generator<[Rule, string]> {
  if (transactionId === FIRST_ID) yield [1, 'its transaction has no id'];
  if (transaction.copies > 1n) yield [1, `there are ${transaction.copies} transactions ${transactionId}`];
  if (!transaction.namesEntry) yield [1, `its transaction ${transactionId} does not name it`];
  if (kind !== transaction.kind)
    yield [7, `its kind is ${kind}, that of its transaction ${transaction.kind}`];
  if (createTime === null || createTime !== transaction.createTime) {
    yield [
      7,
      `its time is ${timeText(createTime)}, that of its transaction ${timeText(transaction.createTime)}`,
    ];
  }
  if (effectiveTime !== transaction.effectiveTime) {
    const [own, its] = [timeText(effectiveTime), timeText(transaction.effectiveTime)];
    yield [7, `its effective time is ${own}, that of its transaction ${its}`];
  }
  if (transaction.commitOrder < before.commitOrder) {
    yield [2, `its commit order ${transaction.commitOrder} is before the previous ${before.commitOrder}`];
  }
}

/** The expected hash; null when the ledger never writes such content. */
function hashOf(
  { userId, asset, stripe }: StoredAccount,
  before: ChainEnd,
  { sequence, change, balanceAfter, debitsAfter, effectiveTime }: ChainEntry,
  { digest }: ChainTransaction,
): Buffer | null {
  if (stripe < 0 || balanceAfter === null || debitsAfter === null) return null;
  return entryHash(before.hash, digest, {
    ...{ userId, asset, stripe, sequence, change, balanceAfter, debitsAfter, effectiveTime },
  });
}

function hex(hash: Buffer): string {
  return hash.toString('hex');
}

function numberText(number: bigint | null): string {
  return number === null ? 'none' : number.toString();
}

function timeText(micros: bigint | null): string {
  return micros === null ? 'none' : `${micros} µs`;
}
