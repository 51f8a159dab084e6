import { compareText } from '../ledger/lock-keys';
import type { Connection } from '../store/pg/connection';
import type { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { isUniqueViolation } from '@ledger/kit/postgres/sql-state';
import { insertAccounts } from '../store/statements/insert-accounts';
import { insertEntries } from '../store/statements/insert-entries';
import { insertItems } from '../store/statements/insert-items';
import { insertRequests, type RequestRow } from '../store/statements/insert-requests';
import { insertTimeSteps } from '../store/statements/insert-time-steps';
import { updateAccounts } from '../store/statements/update-accounts';
import { updateSettings } from '../store/statements/update-settings';
import { insertHolds, updateHolds } from '../store/statements/write-holds';
import type { LockedState } from './locked-state';

/** Another worker or server was first with a row that this batch wanted to insert: run it again, it then finds it. */
export class LostRace extends Error {
  override readonly name = 'LostRace';
}

/**
 * Writes what was decided, each row once with one statement per table, and commits.
 *
 * @throws LostRace, CommitUnknown, or the error of the statement that failed: nothing is on disk then, but perhaps
 *   after CommitUnknown
 */
export function commitState(
  transaction: PipelinedTransaction,
  state: LockedState,
  requests: RequestRow[],
): Promise<void> {
  requests.sort((a, b) => compareText(a.scope, b.scope) || compareText(a.requestId, b.requestId));
  if (requests.length === 0) return commitRows(transaction, [], []);
  return commitRows(transaction, racedStatements(state, requests), ownStatements(state));
}

/** Keeps the failure of an atomic batch and leaves behind what was decided for its writes. */
export function commitRequest(
  transaction: PipelinedTransaction,
  { set }: LockedState,
  request: RequestRow,
): Promise<void> {
  return commitRows(
    transaction,
    [(connection) => insertRequests(connection, [request], set.context.now, set.reversals)],
    [],
  );
}

/** Starts a statement. */
type Start = (connection: Connection) => Promise<unknown>;

/**
 * A lost race is told by the statement that failed: an engine that keeps rows on several machines gives a constraint
 * another name on each, or none.
 *
 * @param raced insert rows that nobody has locked; each has one unique key, so a violation says that another batch was
 *   first with the row
 */
async function commitRows(
  transaction: PipelinedTransaction,
  raced: readonly Start[],
  own: readonly Start[],
): Promise<void> {
  let lost: unknown;
  const watched = raced.map((start) => async (connection: Connection) => {
    try {
      return await start(connection);
    } catch (error) {
      // What follows the first that failed is skipped by the database and fails as well.
      lost ??= error;
      throw error;
    }
  });
  try {
    await transaction.commit(await transaction.start([...watched, ...own]));
  } catch (error) {
    if (error !== lost || !isUniqueViolation(error)) throw error;
    throw new LostRace('another batch was first with a row', { cause: error });
  }
}

/** The most rows of one statement: encoded, they take about ten milliseconds. */
const ROWS_MAX = 2_500;

/**
 * Those that may lose a race come first: the other server's first entry on a new account is in the way of this
 * one's, and the first statement that fails tells why.
 */
function racedStatements({ set, locations }: LockedState, requests: readonly RequestRow[]): Start[] {
  const fresh = set.changedAccounts().filter((account) => !locations.has(account));
  const items = [...set.newItems].sort((a, b) => compareText(a.itemId, b.itemId));
  const { now } = set.context;
  return [
    ...inSlices(requests, (rows) => (connection) => insertRequests(connection, rows, now, set.reversals)),
    ...inSlices(fresh, (rows) => (connection) => insertAccounts(connection, rows, now)),
    ...inSlices(items, (rows) => (connection) => insertItems(connection, rows)),
  ];
}

/** Those of rows that only this transaction can write: it has locked their accounts. */
function ownStatements({ set, locations }: LockedState): Start[] {
  // In key order: the keys were sorted before they were loaded.
  const stored = set.changedAccounts().filter((account) => locations.has(account));
  const moved = stored.filter((account) => set.isChanged(account));
  const reset = stored.filter((account) => set.areSettingsChanged(account));
  const { transactions, timeSteps } = set;
  const { inserted, updated } = set.writtenHolds();
  return [
    ...inSlices(
      transactions,
      (rows) => (connection) => insertEntries(connection, rows),
      ({ entries }) => entries.length,
    ),
    ...inSlices(timeSteps, (rows) => (connection) => insertTimeSteps(connection, rows)),
    ...inSlices(moved, (rows) => (connection) => updateAccounts(connection, rows, locations)),
    ...inSlices(reset, (rows) => (connection) => updateSettings(connection, rows)),
    ...inSlices(inserted, (rows) => (connection) => insertHolds(connection, rows)),
    ...inSlices(updated, (rows) => (connection) => updateHolds(connection, rows)),
  ];
}

/** A statement for each slice of the rows, in their order; none without rows. */
function inSlices<Row>(
  all: readonly Row[],
  start: (rows: readonly Row[]) => Start,
  sizeOf: (row: Row) => number = () => 1,
): Start[] {
  if (all.length === 0) return [];
  const slices: Start[] = [];
  let from = 0;
  let size = 0;
  for (const [index, row] of all.entries()) {
    size += sizeOf(row);
    if (size <= ROWS_MAX || index === from) continue;
    slices.push(start(all.slice(from, index)));
    from = index;
    size = sizeOf(row);
  }
  return [...slices, start(from === 0 ? all : all.slice(from))];
}
