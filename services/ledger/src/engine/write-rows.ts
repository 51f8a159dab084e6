import type { AccountKey } from '../ledger/account';
import { compareText } from '../ledger/lock-keys';
import type { CellRows } from '../ledger/placement';
import type { Hold } from '../ledger/hold';
import type { Connection } from '../store/pg/connection';
import { inCell } from '../store/pg/in-cell';
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
  { set, placement }: LockedState,
  request: RequestRow,
): Promise<void> {
  const cell = placement.ofRequest(request.scope, request.requestId);
  return commitRows(
    transaction,
    [
      (connection) =>
        insertRequests(inCell(connection, cell), [request], set.context.now, set.reversals, cell),
    ],
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
 * one's, and the first statement that fails tells why. Here and below, the statements of a table go from cell to cell, so
 * servers never wait for each other in a circle.
 */
function racedStatements(
  { set, placement, locations }: LockedState,
  requests: readonly RequestRow[],
): Start[] {
  const fresh = set.changedAccounts().filter((account) => !locations.has(account));
  const items = [...set.newItems].sort((a, b) => compareText(a.itemId, b.itemId));
  const { now } = set.context;
  // What it booked stands in each cell that it touches.
  const requestsByCell = placement.byCells(requests, ({ scope, requestId, transaction }) =>
    transaction === null
      ? [placement.ofRequest(scope, requestId)]
      : transaction.commitOrders.map(({ cell }) => cell),
  );
  const freshByCell = placement.byCell(fresh, (row) => placement.ofRow(row));
  // Every cell has the catalog.
  const itemsByCell = placement.byCells(items, () => placement.cells);
  return [
    ...inSlices(requestsByCell, (at, rows, cell) => insertRequests(at, rows, now, set.reversals, cell)),
    ...inSlices(freshByCell, (at, rows) => insertAccounts(at, rows, now)),
    ...inSlices(itemsByCell, (at, rows) => insertItems(at, rows)),
  ];
}

/** Those of rows that only this transaction can write: it has locked their accounts. */
function ownStatements({ set, placement, locations }: LockedState): Start[] {
  // In key order: the keys were sorted before they were loaded.
  const stored = set.changedAccounts().filter((account) => locations.has(account));
  const moved = stored.filter((account) => set.isChanged(account));
  const reset = stored.filter((account) => set.areSettingsChanged(account));
  const { transactions, timeSteps } = set;
  const { inserted, updated } = set.writtenHolds();
  const ofRow = (row: AccountKey): number => placement.ofRow(row);
  const ofOwner = ({ userId }: Hold): number => placement.ofUser(userId);
  const transactionsByCell = placement.byCells(transactions, ({ commitOrders }) =>
    commitOrders.map(({ cell }) => cell),
  );
  return [
    ...inSlices(
      transactionsByCell,
      (at, rows, cell) => insertEntries(at, rows, (entry) => placement.ofRow(entry) === cell),
      ({ entries }) => entries.length,
    ),
    ...inSlices(placement.byCell(timeSteps, ofRow), (at, rows) => insertTimeSteps(at, rows)),
    ...inSlices(placement.byCell(moved, ofRow), (at, rows) => updateAccounts(at, rows, locations)),
    ...inSlices(placement.byCell(reset, ofRow), (at, rows) => updateSettings(at, rows)),
    ...inSlices(placement.byCell(inserted, ofOwner), (at, rows) => insertHolds(at, rows)),
    ...inSlices(placement.byCell(updated, ofOwner), (at, rows) => updateHolds(at, rows)),
  ];
}

/** A statement for each slice of the rows of each cell, in their order; none without rows. */
function inSlices<Row>(
  cells: readonly CellRows<Row>[],
  statement: (at: Connection, rows: readonly Row[], cell: number) => Promise<unknown>,
  sizeOf: (row: Row) => number = () => 1,
): Start[] {
  return cells.flatMap(([cell, all]) => {
    const start =
      (rows: readonly Row[]): Start =>
      (connection) =>
        statement(inCell(connection, cell), rows, cell);
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
  });
}
