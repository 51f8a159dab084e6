import { randomBytes } from 'node:crypto';
import type { Portions } from '@ledger/kit/server/portions';
import { accountId, blankAccount, type AccountKey } from '../ledger/account';
import { References, type FoundReferences } from '../ledger/lock-keys';
import type { Hold } from '../ledger/hold';
import type { Placement } from '../ledger/placement';
import { bucketOf } from '../ledger/bucket';
import { ID_RANDOM_DIGITS, transactionIdAt } from '../ledger/transaction-id';
import { WorkingSet, type WorkingSetContext } from '../ledger/working-set';
import { definitionOf, type Command } from '../ledger/writes';
import type { Connection } from '../store/pg/connection';
import { inCell } from '../store/pg/in-cell';
import type { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { countOpenHolds, type OpenHolds } from '../store/statements/count-open-holds';
import { findAccounts } from '../store/statements/find-accounts';
import { limitWaits } from '../store/statements/limit-waits';
import {
  cellsOf,
  commitOrdersOf,
  inCells,
  inEach,
  POSITION_HEADER,
  positionsText,
  type Incarnations,
  type RequestKey,
} from './batch-cells';
import { keysOf, lockKeys, readReferences, type BatchPlace } from './batch-keys';
import { Held } from './held';
import { findDueHolds, findHolds } from '../store/statements/find-holds';
import { findRequests, type FinishedRequest } from '../store/statements/find-requests';
import { findSettings, type StoredSettings } from '../store/statements/find-settings';
import {
  accountsOf,
  lockAccounts,
  lockFreeAccounts,
  type LockedRows,
  type RowLocations,
} from '../store/statements/lock-accounts';
import { sumReversals } from '../store/statements/sum-reversals';

/** The part of the ledger that a batch has locked and read. */
export interface LockedState {
  readonly set: WorkingSet;
  readonly placement: Placement;
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

function hardlyWait(connection: Connection): Promise<void> {
  return limitWaits(connection, SKIP_LOCK_TIMEOUT_MS, SKIP_STATEMENT_TIMEOUT_MS);
}

/** What a batch is told of the connection that it runs on, and of the server's settings. */
export interface LockSettings extends BatchPlace {
  readonly incarnations: Incarnations;
  readonly priceGraceMicros: bigint;
  readonly lockMode: LockMode;
  /** The most open holds of an account. */
  readonly openHoldsMax: number;
}

/**
 * Locks and reads what the commands concern. Locks first, cell by cell, each in key order. Everything else is read by later
 * statements, whose snapshots are taken after any wait for a lock: what another server committed meanwhile is seen.
 * Statements that do not depend on each other are sent together; the connection runs them in the order in which they
 * stand here.
 *
 * @param requests the requests of the commands, and that of the batch as a whole when it has one
 */
export async function lockState(
  transaction: PipelinedTransaction,
  commands: readonly Command[],
  requests: readonly RequestKey[],
  settings: LockSettings,
): Promise<LockedState> {
  const { placement, slot, priceGraceMicros, lockMode, openHoldsMax } = settings;
  const portions = transaction.portions();
  const skip = lockMode === 'skip';
  if (skip) await transaction.send(hardlyWait);
  const references = new References();
  for (const command of commands) definitionOf(command).refersTo(references, command);
  const found = await readReferences(transaction, placement, commands, references);
  const { items, originals } = found;
  const keys = lockKeys(commands, references, found, settings);
  const cells = cellsOf(placement, keys, requests);
  const ofUser = ({ userId }: { readonly userId: string }): number => placement.ofUser(userId);
  const holdKeys = placement.byCell(found.holds.length > 0 ? [...references.holds.values()] : [], ofUser);
  const holdPlaces = placement.byCell([...references.holdPlaces.values()], ofUser);
  const settingsKeys = placement.byCell([...references.settings.values()], ofUser);
  await portions.pause();
  const [rows, known, holds, accountSettings, reversed, present, openHolds] = await transaction.send(
    (connection) =>
      Promise.all([
        inEach(connection, cells, (at, { accounts }) =>
          skip ? lockFreeAccounts(at, accounts) : lockAccounts(at, accounts),
        ),
        inEach(connection, cells, (at, { requests: own }) => findRequests(at, own)),
        inCells(connection, holdKeys, findHolds),
        inCells(connection, settingsKeys, findSettings),
        inCells(connection, placement.byCell(originals, ofUser), async (at, own) => [
          ...(await sumReversals(at, own)),
        ]),
        // Those that are there and were not locked are held.
        skip ? inEach(connection, cells, (at, { accounts }) => findAccounts(at, accounts)) : [],
        inCells(connection, holdPlaces, (at, places) => countOpenHolds(at, places, openHoldsMax)),
      ]),
  );
  const locked = rows.length === 1 ? (rows[0] ?? []) : rows.flat();
  const firstLocations = await accountsInPortions(locked, portions);
  const now = known.reduce((latest, { now: clock }) => (clock > latest ? clock : latest), 0n);
  const finished = known.length === 1 ? (known[0]?.finished ?? []) : known.flatMap((each) => each.finished);
  const commitOrders = commitOrdersOf(cells, known, settings.incarnations);
  const headers = {
    [POSITION_HEADER]: positionsText(commitOrders, firstLocations, placement, settings.incarnations),
  };
  const due = await readDueHolds(transaction, placement, firstLocations, now);
  const held = heldAccounts(present.flat(), firstLocations, due?.tooMany ?? []);
  const heldFor =
    held.size === 0
      ? null
      : (command: Command): Held | null => heldOf(held, keysOf(command, references, found, settings));
  return load(firstLocations, {
    ...{
      commands: commands.length,
      keys,
      locked,
      portions,
      placement,
      due,
      holds,
      openHolds,
      items,
      originals,
    },
    ...{ accountSettings, reversed: new Map(reversed) },
    context: { now, commitOrders, placement, slot, priceGraceMicros, openHoldsMax },
    answer: { finished, headers, heldFor },
  });
}

/** What was locked and read, of which a working set is made as often as it is needed. */
interface ReadState {
  readonly commands: number;
  readonly keys: readonly AccountKey[];
  readonly locked: LockedRows;
  readonly portions: Portions;
  readonly placement: Placement;
  readonly due: ReadDueHolds | null;
  readonly holds: readonly Hold[];
  readonly openHolds: readonly OpenHolds[];
  readonly items: FoundReferences['items'];
  readonly originals: FoundReferences['originals'];
  readonly accountSettings: readonly StoredSettings[];
  readonly reversed: ReadonlyMap<string, bigint>;
  readonly context: Omit<WorkingSetContext, 'newId'>;
  readonly answer: Pick<LockedState, 'finished' | 'headers' | 'heldFor'>;
}

async function load(locations: RowLocations, read: ReadState): Promise<LockedState> {
  const { portions, placement } = read;
  const set = new WorkingSet({ ...read.context, newId: newIds(read.commands) });
  for (const key of read.keys) {
    if (portions.isOver) await portions.next();
    set.load(blankAccount(key));
  }
  for (const account of locations.keys()) {
    if (portions.isOver) await portions.next();
    set.load(account);
  }
  for (const item of read.items) set.loadItem(item);
  for (const stored of read.accountSettings) {
    const account = set.account(stored.userId, stored.asset);
    account.settings = stored.settings;
    account.createTime = stored.createTime;
  }
  for (const original of read.originals)
    set.loadOriginal(original, read.reversed.get(original.transactionId) ?? 0n);
  for (const { userId, asset, count } of read.openHolds) set.loadOpenHolds(userId, asset, count);
  if (read.due !== null) expireHolds(set, read.due);
  for (const hold of read.holds) set.loadHold(hold);
  const reload = async (): Promise<LockedState> =>
    load(await accountsInPortions(read.locked, portions), read);
  return { set, placement, locations, ...read.answer, reload };
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
  placement: Placement,
  locations: RowLocations,
  now: bigint,
): Promise<ReadDueHolds | null> {
  const accounts = [...locations.keys()].filter(
    ({ nextHoldExpiry }) => nextHoldExpiry !== null && nextHoldExpiry <= now,
  );
  if (accounts.length === 0) return null;
  const cells = placement.byCell<AccountKey>(accounts, (account) => placement.ofRow(account));
  const due = await transaction.send((connection) =>
    Promise.all(cells.map(([cell, keys]) => findDueHolds(inCell(connection, cell), keys, now))),
  );
  return {
    holds: due.flatMap((each) => each.holds),
    nextExpiries: due.flatMap((each) => each.nextExpiries),
    complete: due.flatMap((each) => each.complete),
    tooMany: due.flatMap((each) => each.tooMany),
  };
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
