import { isSystemAccount, type Account } from './account';
import type { Annotations } from './annotations';
import { failure, type Failure } from './failure';
import { entryHash, transactionDigest } from './hash-chain';
import { fitsInt64, isReversibleChange } from './money';
import type { BalanceView } from './outcome';
import {
  commitOrderIn,
  type BookedTransaction,
  type CommitOrder,
  type Entry,
  type EntryKind,
  type TransactionHeader,
} from './transaction';
import type { WorkingSet } from './working-set';

/** A change that a decision wants made to an account. */
export interface Leg {
  readonly account: Account;
  /** Signed, in the asset's smallest unit, never zero. */
  readonly change: bigint;
}

/** What of a transaction its command decides; the rest follows from the accounts. */
export type PostingHeader = Omit<TransactionHeader, 'transactionId' | 'createTime'>;

/** What every movement says about itself, from its command. */
export function headerOf(
  kind: EntryKind,
  command: Pick<TransactionHeader, 'userId' | 'requestId' | 'caller'> & Annotations,
  item: TransactionHeader['item'] = null,
): PostingHeader {
  const { userId, requestId, caller, effectiveTime, description, reference, metadata } = command;
  return {
    kind,
    userId,
    requestId,
    caller,
    effectiveTime,
    description,
    reference,
    metadata,
    item,
    reversesTransactionId: null,
  };
}

/**
 * How much reversals may take back of fresh legs: two legs may be taken back in parts; more only whole, which counts
 * as one.
 */
export function reversibleAmountOf(legs: readonly { readonly change: bigint }[]): bigint {
  const [first] = legs;
  if (legs.length !== 2 || first === undefined) return 1n;
  return first.change < 0n ? -first.change : first.change;
}

/** Refuses debits of frozen accounts. Checked before anything that concerns amounts. */
export function refuseFrozen(account: Account): Failure | null {
  if (!account.frozen) return null;
  return failure('ACCOUNT_FROZEN', `account ${account.userId} ${account.asset} is frozen`, {
    user_id: account.userId,
    asset: account.asset,
    sequence: account.sequence,
  });
}

/**
 * Makes a transaction of legs that sum to zero per asset, each of another account, and changes the accounts; or
 * refuses without changing anything. Frozen accounts are checked first, then overflow, then funds, each over all
 * legs in their order, so that two faults at once have one answer. A system account has no limit: what becomes of a
 * user's write never depends on its total, nor on the stripe. Nor is it dated by one: the time is that of the clock,
 * raised to the last entries of the users, so that it never runs backwards within a user's account.
 */
export function post(
  set: WorkingSet,
  header: PostingHeader,
  legs: readonly Leg[],
): BookedTransaction | Failure {
  const refused = refuse(legs);
  if (refused !== null) return refused;

  let createTime = set.context.now;
  for (const { account } of legs) {
    if (account.lastEntryTime > createTime && !isSystemAccount(account.userId)) {
      createTime = account.lastEntryTime;
      if (createTime - set.context.now > RAISE_MAX_MICROS) return clockBehind(account, set.context.now);
    }
  }
  const commitOrders = commitOrdersOf(set, legs);
  // One object, filled in order: it is made for every write.
  const transaction = {
    transactionId: set.context.newId(createTime, header.userId),
    kind: header.kind,
    userId: header.userId,
    requestId: header.requestId,
    caller: header.caller,
    createTime,
    effectiveTime: header.effectiveTime,
    description: header.description,
    reference: header.reference,
    metadata: header.metadata,
    item: header.item,
    reversesTransactionId: header.reversesTransactionId,
    commitOrders,
    digest: NO_DIGEST,
    entries: NO_ENTRIES,
  };
  const digest = transactionDigest(
    transaction,
    legs.map(({ account: { userId, asset, stripe }, change }) => ({ userId, asset, stripe, change })),
  );
  transaction.digest = digest;
  transaction.entries = legs.map(({ account, change }) => append(set, account, change, transaction));
  set.transactions.push(transaction);
  return transaction;
}

/** How far a time may be raised above the clock. Beyond that somebody has to see to the clock first. */
export const RAISE_MAX_MICROS = 1_000_000n;

function clockBehind({ userId, asset, lastEntryTime }: Account, now: bigint): Failure {
  const behindMs = (lastEntryTime - now) / 1_000n;
  return failure(
    'CLOCK_BEHIND',
    `the clock of the database is ${behindMs} ms behind the last entry of account ${userId} ${asset}`,
    { user_id: userId, asset, behind_ms: behindMs },
  );
}

/** Stand in until the digest and the entries are known. */
const NO_DIGEST: Buffer = Buffer.alloc(0);
const NO_ENTRIES: readonly Entry[] = [];

/** The account as a response shows it. */
export function viewOf(account: Account): BalanceView {
  const { userId, asset, balance, held, sequence, lastEntryTime } = account;
  return { userId, asset, balance, held, sequence, lastEntryTime };
}

function refuse(legs: readonly Leg[]): Failure | null {
  for (const { account, change } of legs) {
    const frozen = change < 0n ? refuseFrozen(account) : null;
    if (frozen !== null) return frozen;
  }
  for (const { account, change } of legs) {
    const fits = isSystemAccount(account.userId) || fitsInt64(account.balance + change);
    if (!fits || !isReversibleChange(change)) return overflow(account, change);
  }
  for (const { account, change } of legs) {
    const short = change < 0n && !isSystemAccount(account.userId) ? refuseShort(account, -change) : null;
    if (short !== null) return short;
  }
  return null;
}

function overflow(account: Account, change: bigint): Failure {
  return failure(
    'AMOUNT_OVERFLOW',
    `account ${account.userId} ${account.asset}: ${account.balance} changed by ${change} would pass int64`,
    {
      user_id: account.userId,
      asset: account.asset,
      balance: account.balance,
      change,
      sequence: account.sequence,
    },
  );
}

/** Refuses what would take the account below its minimum. */
export function refuseShort(account: Account, required: bigint): Failure | null {
  const available = account.balance - account.held;
  if (available - required >= account.minBalance) return null;
  return failure(
    'INSUFFICIENT_FUNDS',
    `account ${account.userId} ${account.asset} has ${available} available, ${required} required`,
    {
      user_id: account.userId,
      asset: account.asset,
      balance: account.balance,
      available,
      required,
      min_balance: account.minBalance,
      sequence: account.sequence,
    },
  );
}

/** Its place in each cell that it touches. */
function commitOrdersOf({ context }: WorkingSet, legs: readonly Leg[]): CommitOrder[] {
  const { placement, commitOrders } = context;
  const orders: { cell: number; commitOrder: bigint }[] = [];
  for (const { account } of legs) {
    const cell = placement.ofRow(account);
    let order = orders.find((each) => each.cell === cell);
    if (order === undefined) {
      const commitOrder = commitOrders.get(cell);
      if (commitOrder === undefined) throw new RangeError(`cell ${cell} was not locked`);
      orders.push((order = { cell, commitOrder }));
    }
    if (account.commitOrder > order.commitOrder) order.commitOrder = account.commitOrder;
  }
  return orders;
}

function append(set: WorkingSet, account: Account, change: bigint, transaction: BookedTransaction): Entry {
  const { digest, createTime, effectiveTime } = transaction;
  const commitOrder = commitOrderIn(transaction, set.context.placement.ofRow(account));
  account.sequence += 1n;
  if (createTime < account.lastEntryTime) set.addTimeStep(account);
  account.balance += change;
  if (change < 0n) account.debits -= change;
  account.lastEntryTime = createTime;
  account.commitOrder = commitOrder;
  set.markChanged(account);
  const { userId, asset, stripe, sequence, balance, debits } = account;
  // One object, filled in order: two are made for every write.
  const entry = {
    userId,
    asset,
    stripe,
    sequence,
    change,
    balanceAfter: balance,
    debitsAfter: debits,
    effectiveTime,
    hash: NO_DIGEST,
  };
  entry.hash = entryHash(account.lastHash, digest, entry);
  account.lastHash = entry.hash;
  return entry;
}
