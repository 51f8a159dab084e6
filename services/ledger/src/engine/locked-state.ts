import { randomBytes } from 'node:crypto';
import type { Portions } from '@ledger/kit/server/portions';
import { accountId, blankAccount, type AccountKey } from '../ledger/account';
import {
  LockKeys,
  References,
  type FoundReferences,
  type HoldKey,
  type OriginalKey,
} from '../ledger/lock-keys';
import { bucketOf } from '../ledger/bucket';
import { ID_RANDOM_DIGITS, transactionIdAt } from '../ledger/transaction-id';
import { WorkingSet } from '../ledger/working-set';
import { definitionOf, type Command } from '../ledger/writes';
import { positionText, type WritingIncarnation } from '../store/incarnation';
import type { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { countOpenHolds } from '../store/statements/count-open-holds';
import { findAccounts } from '../store/statements/find-accounts';
import { limitWaits } from '../store/statements/limit-waits';
import { Held } from './held';
import { findDueHolds, findHolds } from '../store/statements/find-holds';
import { findItems } from '../store/statements/find-items';
import { findRequests, type FinishedRequest } from '../store/statements/find-requests';
import { findSettings } from '../store/statements/find-settings';
import { findTransaction } from '../store/statements/find-transaction';
import {
  accountsOf,
  lockAccounts,
  lockFreeAccounts,
  type LockedRows,
  type RowLocations,
} from '../store/statements/lock-accounts';
import { sumReversals } from '../store/statements/sum-reversals';

/** Names a request. */
export interface RequestKey {
  readonly scope: string;
  readonly requestId: string;
}

/** The part of the ledger that a batch has locked and read. */
export interface LockedState {
  readonly set: WorkingSet;
  /** Where the rows of the locked accounts are; an account without a location has no row yet. */
  readonly locations: RowLocations;
  /** Those of the requests that are finished, by any server. */
  readonly finished: readonly FinishedRequest[];
  /** What every answer of the batch tells of where it stands in the history. */
  readonly headers: Readonly<Record<string, string>>;
  /** The same state as it was read, without what decisions have changed in memory since. */
  readonly reload: () => Promise<LockedState>;
  /** What a command needs and another session holds, or null; null: nothing is held that the batch needs. */
  readonly heldFor: ((command: Command) => Held | null) | null;
}

/** What a batch does about rows that another session has locked. */
export type LockMode =
  /** Waits for them, as long as the session's lock timeout lets it. */
  | 'wait'
  /** Leaves them and the commands that need them, and hardly waits for anything else. */
  | 'skip';

/** How long a batch in mode `skip` waits for a lock that is no row of an account, and how long a statement takes. */
const SKIP_LOCK_TIMEOUT_MS = 10;
const SKIP_STATEMENT_TIMEOUT_MS = 2_000;

/** What a batch is told of the connection that it runs on, and of the server's settings. */
export interface LockSettings {
  readonly stripe: number;
  readonly incarnation: WritingIncarnation;
  readonly priceGraceMicros: bigint;
  readonly lockMode: LockMode;
  /** The most open holds of an account. */
  readonly openHoldsMax: number;
}

/**
 * Locks and reads what the commands concern. Locks first, in key order. Everything else is read by later statements,
 * whose snapshots are taken after any wait for a lock: what another server committed meanwhile is seen. Statements
 * that do not depend on each other are sent together; the connection runs them in the order in which they stand here.
 *
 * @param requests the requests of the commands, and that of the batch as a whole when it has one
 */
export async function lockState(
  transaction: PipelinedTransaction,
  commands: readonly Command[],
  requests: readonly RequestKey[],
  { stripe, priceGraceMicros, incarnation, lockMode, openHoldsMax }: LockSettings,
): Promise<LockedState> {
  const portions = transaction.portions();
  const skip = lockMode === 'skip';
  if (skip) {
    await transaction.send((connection) =>
      limitWaits(connection, SKIP_LOCK_TIMEOUT_MS, SKIP_STATEMENT_TIMEOUT_MS),
    );
  }
  const references = new References();
  for (const command of commands) definitionOf(command).refersTo(references, command);
  const { items, originals, holds: referredHolds } = await readReferences(transaction, references);
  const keys = lockKeys(commands, references, { items, originals, holds: referredHolds }, stripe);
  const holdKeys = referredHolds.length > 0 ? [...references.holds.values()] : [];
  const holdPlaces = [...references.holdPlaces.values()];
  const settingsKeys = [...references.settings.values()];
  await portions.pause();
  const [rows, { now, xid, finished }, holds, settings, reversed, present, openHolds] =
    await transaction.send((connection) =>
      Promise.all([
        skip ? lockFreeAccounts(connection, keys) : lockAccounts(connection, keys),
        findRequests(connection, requests),
        holdKeys.length > 0 ? findHolds(connection, holdKeys) : [],
        settingsKeys.length > 0 ? findSettings(connection, settingsKeys) : [],
        originals.length > 0 ? sumReversals(connection, originals) : new Map<string, bigint>(),
        // Those that are there and were not locked are held.
        skip ? findAccounts(connection, keys) : [],
        holdPlaces.length > 0 ? countOpenHolds(connection, holdPlaces, openHoldsMax) : [],
      ]),
    );
  const firstLocations = await accountsInPortions(rows, portions);
  const commitOrder = xid + incarnation.xidOffset;
  const headers = { [POSITION_HEADER]: positionText(incarnation, highestOrder(commitOrder, firstLocations)) };
  const due = await readDueHolds(transaction, firstLocations, now);
  const held = heldAccounts(present, firstLocations, due?.tooMany ?? []);
  const found = { items, originals, holds: referredHolds };
  const heldFor =
    held.size === 0
      ? null
      : (command: Command): Held | null => heldOf(held, keysOf(command, references, found, stripe));
  const load = async (locations: RowLocations): Promise<LockedState> => {
    const newId = newIds(commands.length);
    const set = new WorkingSet({ now, commitOrder, stripe, priceGraceMicros, openHoldsMax, newId });
    for (const key of keys) {
      if (portions.isOver) await portions.next();
      set.load(blankAccount(key));
    }
    for (const account of locations.keys()) {
      if (portions.isOver) await portions.next();
      set.load(account);
    }
    for (const item of items) set.loadItem(item);
    for (const stored of settings) {
      const account = set.account(stored.userId, stored.asset);
      account.settings = stored.settings;
      account.createTime = stored.createTime;
    }
    for (const original of originals) set.loadOriginal(original, reversed.get(original.transactionId) ?? 0n);
    for (const { userId, asset, count } of openHolds) set.loadOpenHolds(userId, asset, count);
    if (due !== null) expireHolds(set, due);
    for (const hold of holds) set.loadHold(hold);
    const reload = async (): Promise<LockedState> => load(await accountsInPortions(rows, portions));
    return { set, locations, finished, headers, heldFor, reload };
  };
  return load(firstLocations);
}

/** The name of the metadata that carries a position. */
const POSITION_HEADER = 'ledger-position';

/** No transaction of the batch gets a higher one: it is raised to that of its accounts at most. */
function highestOrder(commitOrder: bigint, locations: RowLocations): bigint {
  let highest = commitOrder;
  for (const account of locations.keys()) if (account.commitOrder > highest) highest = account.commitOrder;
  return highest;
}

/** How many rows are read between two looks at the clock. */
const ROWS_PER_LOOK = 250;

async function accountsInPortions(rows: LockedRows, portions: Portions): Promise<RowLocations> {
  const locations: RowLocations = new Map();
  for (let from = 0; from < rows.length; from += ROWS_PER_LOOK) {
    await portions.pause();
    accountsOf(rows.slice(from, from + ROWS_PER_LOOK), locations);
  }
  return locations;
}

const NOTHING_FOUND: FoundReferences = { items: [], holds: [], originals: [] };

/** Reads what the commands refer to; without a round trip when that is nothing. */
async function readReferences(
  transaction: PipelinedTransaction,
  references: References,
): Promise<FoundReferences> {
  if (references.isEmpty) return NOTHING_FOUND;
  const { items, holds, originals } = references;
  const [foundItems, foundHolds, foundOriginals] = await transaction.send((connection) =>
    Promise.all([
      items.size > 0 ? findItems(connection, [...items.values()]) : [],
      holds.size > 0 ? findHolds(connection, [...holds.values()]) : [],
      Promise.all(
        [...originals.values()].map(({ userId, transactionId }) =>
          findTransaction(connection, transactionId, userId),
        ),
      ),
    ]),
  );
  return {
    items: foundItems,
    holds: foundHolds,
    originals: foundOriginals.filter((original) => original !== null),
  };
}

/** The account rows that the commands may change, each once, in key order. */
function lockKeys(
  commands: readonly Command[],
  { offered }: References,
  { items, holds, originals }: FoundReferences,
  stripe: number,
): AccountKey[] {
  const keys = new LockKeys(stripe);
  for (const item of items) keys.offer(item);
  for (const item of offered) keys.offer(item);
  for (const command of commands) definitionOf(command).lockKeys(keys, command);
  for (const hold of holds) {
    keys.account(hold.userId, hold.asset);
    keys.account(hold.destination, hold.asset);
  }
  for (const { entries } of originals) {
    for (const { userId, asset, stripe: ownStripe } of entries) keys.row(userId, asset, ownStripe);
  }
  return keys.sorted();
}

/** The rows that one command of a batch may change. */
function keysOf(
  command: Command,
  references: References,
  { items, holds, originals }: FoundReferences,
  stripe: number,
): AccountKey[] {
  const own = new References();
  definitionOf(command).refersTo(own, command);
  const isOwnHold = ({ userId, holdId }: HoldKey): boolean => own.holds.has(`${userId}\0${holdId}`);
  const isOwnOriginal = ({ userId, transactionId }: OriginalKey): boolean =>
    own.originals.has(`${userId}\0${transactionId}`);
  const found = { items, holds: holds.filter(isOwnHold), originals: originals.filter(isOwnOriginal) };
  return lockKeys([command], references, found, stripe);
}

/** The accounts on which the batch decides nothing, by their ids: another session has locked them, or too much is due. */
function heldAccounts(
  present: readonly AccountKey[],
  locked: RowLocations,
  tooMuchDue: readonly AccountKey[],
): ReadonlyMap<string, Held> {
  const held = new Map<string, Held>();
  for (const key of present) held.set(accountId(key.userId, key.asset, key.stripe), new Held(key));
  for (const { userId, asset, stripe } of locked.keys()) held.delete(accountId(userId, asset, stripe));
  for (const key of tooMuchDue) held.set(accountId(key.userId, key.asset, key.stripe), new Held(key, true));
  return held;
}

function heldOf(held: ReadonlyMap<string, Held>, keys: readonly AccountKey[]): Held | null {
  for (const { userId, asset, stripe } of keys) {
    const found = held.get(accountId(userId, asset, stripe));
    if (found !== undefined) return found;
  }
  return null;
}

/** What has expired on accounts, and the accounts on which too much has. */
type ReadDueHolds = Awaited<ReturnType<typeof findDueHolds<AccountKey>>>;

/** Reads what has expired on the locked accounts. Rare: an account knows when. */
async function readDueHolds(
  transaction: PipelinedTransaction,
  locations: RowLocations,
  now: bigint,
): Promise<ReadDueHolds | null> {
  const accounts = [...locations.keys()].filter(
    ({ nextHoldExpiry }) => nextHoldExpiry !== null && nextHoldExpiry <= now,
  );
  if (accounts.length === 0) return null;
  return transaction.send((connection) => findDueHolds<AccountKey>(connection, accounts, now));
}

/** Frees what has expired, before anything is decided. */
function expireHolds(set: WorkingSet, { complete, holds, nextExpiries }: ReadDueHolds): void {
  for (const key of complete) {
    const account = set.accountRow(key);
    account.nextHoldExpiry = null;
    set.markChanged(account);
  }
  for (const { userId, asset, expireTime } of nextExpiries) {
    set.account(userId, asset).nextHoldExpiry = expireTime;
  }
  for (const hold of holds) set.loadHold(hold);
}

/** Ids for as many transactions or holds as there are commands. */
function newIds(count: number): (timeMicros: bigint, ownerId: string) => string {
  const random = randomBytes(Math.ceil((count * ID_RANDOM_DIGITS) / 2)).toString('hex');
  let next = 0;
  return (timeMicros, ownerId) => {
    const digits = random.slice(next * ID_RANDOM_DIGITS, (next + 1) * ID_RANDOM_DIGITS);
    const id = transactionIdAt(timeMicros, next, bucketOf(ownerId), digits);
    next += 1;
    return id;
  };
}
