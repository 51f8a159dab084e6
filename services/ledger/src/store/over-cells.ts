import { compareText } from '../ledger/lock-keys';
import type { AccountView, BalanceView } from '../ledger/outcome';
import type { Placement } from '../ledger/placement';
import type { Connection } from './pg/connection';
import { inCell } from './pg/in-cell';
import { findAccount, listAccounts, type AccountPosition } from './statements/list-accounts';
import {
  findSequencesBefore,
  listEntries,
  type EntryFilter,
  type StripeRange,
  type TimePassage,
} from './statements/list-entries';
import { listStripes } from './statements/list-stripes';
import { listBalances, readBalances, type BalanceKey } from './statements/read-balances';
import {
  listBalancesAsOfTime,
  readBalancesAsOfTime,
  type PastBalance,
} from './statements/read-balances-as-of';
import type { StoredEntry } from './stored-entry';

/**
 * Reads of accounts over the cells in which they have rows: a user's is one, a system account has stripes in all, which are
 * added up. Each cell is read in a snapshot of its own.
 */

/** {@link readBalances}. */
export function readBalancesOver(
  connection: Connection,
  placement: Placement,
  keys: readonly BalanceKey[],
): Promise<BalanceView[]> {
  return sumOfKeys(connection, placement, keys, readBalances, addBalances);
}

/** {@link readBalancesAsOfTime}. */
export function readBalancesAsOfTimeOver(
  connection: Connection,
  placement: Placement,
  keys: readonly BalanceKey[],
  time: bigint,
): Promise<PastBalance[]> {
  const read = (at: Connection, own: readonly BalanceKey[]): Promise<PastBalance[]> =>
    readBalancesAsOfTime(at, own, time);
  return sumOfKeys(connection, placement, keys, read, addPastBalances);
}

/** {@link listBalances}. */
export function listBalancesOver(
  connection: Connection,
  placement: Placement,
  userId: string,
  after: string,
  limit: number,
): Promise<BalanceView[]> {
  const read = (at: Connection): Promise<BalanceView[]> => listBalances(at, userId, after, limit);
  return pageOver(connection, placement, userId, limit, read, addBalances);
}

/** {@link listBalancesAsOfTime}. */
export function listBalancesAsOfTimeOver(
  connection: Connection,
  placement: Placement,
  userId: string,
  after: string,
  limit: number,
  time: bigint,
): Promise<PastBalance[]> {
  const read = (at: Connection): Promise<PastBalance[]> =>
    listBalancesAsOfTime(at, userId, after, limit, time);
  return pageOver(connection, placement, userId, limit, read, addPastBalances);
}

/** {@link findAccount}. */
export async function findAccountOver(
  connection: Connection,
  placement: Placement,
  userId: string,
  asset: string,
): Promise<AccountView | null> {
  const read = async (at: Connection): Promise<AccountView[]> => {
    const account = await findAccount(at, userId, asset);
    return account === null ? [] : [account];
  };
  return (await pageOver(connection, placement, userId, 1, read, addAccounts))[0] ?? null;
}

/** {@link listAccounts}. */
export async function listAccountsOver(
  connection: Connection,
  placement: Placement,
  after: AccountPosition,
  lastUserId: string,
  limit: number,
): Promise<AccountView[]> {
  const cells = after.userId === lastUserId ? placement.ofAccount(lastUserId) : placement.cells;
  const pages = await inEachOf(connection, cells, (at) => listAccounts(at, after, lastUserId, limit));
  return pageOf(pages, limit, addAccounts);
}

/** {@link listStripes}. */
export async function listStripesOver(
  connection: Connection,
  placement: Placement,
  userId: string,
  asset: string,
): Promise<{ stripe: number; sequence: bigint }[]> {
  return (
    await inEachOf(connection, placement.ofAccount(userId), (at) => listStripes(at, userId, asset))
  ).flat();
}

/** {@link findSequencesBefore}. */
export async function findSequencesBeforeOver(
  connection: Connection,
  placement: Placement,
  filter: Pick<EntryFilter, 'userId' | 'asset'>,
  time: bigint,
): Promise<Map<number, TimePassage>> {
  const found = await inEachOf(connection, placement.ofAccount(filter.userId), (at) =>
    findSequencesBefore(at, filter, time),
  );
  return new Map(found.flatMap((passages) => [...passages]));
}

/** {@link listEntries}. */
export async function listEntriesOver(
  connection: Connection,
  placement: Placement,
  filter: EntryFilter,
  ranges: readonly StripeRange[],
  limit: number,
): Promise<StoredEntry[]> {
  const { userId, newestFirst } = filter;
  const cells = placement.byCell(ranges, ({ stripe }) => placement.ofRow({ userId, stripe }));
  const pages = await Promise.all(
    cells.map(([cell, own]) => listEntries(inCell(connection, cell), filter, own, limit)),
  );
  const [page] = pages;
  return pages.length === 1 && page !== undefined ? page : mergeByTime(pages, newestFirst).slice(0, limit);
}

/** In the order of the statement: by the furthest time in its stripe so far, then stripe and sequence. */
function mergeByTime(pages: readonly StoredEntry[][], newestFirst: boolean): StoredEntry[] {
  const sign = newestFirst ? -1n : 1n;
  const furthest = new Map<number, bigint>();
  const placed = pages.flat().map((entry) => {
    const before = furthest.get(entry.stripe);
    const time = sign * entry.createTime;
    const at = before !== undefined && before > time ? before : time;
    furthest.set(entry.stripe, at);
    return { entry, at };
  });
  const order = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
  placed.sort(
    (a, b) =>
      order(a.at, b.at) ||
      Number(sign) * (a.entry.stripe - b.entry.stripe) ||
      Number(sign) * order(a.entry.sequence, b.entry.sequence),
  );
  return placed.map(({ entry }) => entry);
}

/** Runs a read in each of the cells; the results are in their order. */
function inEachOf<T>(
  connection: Connection,
  cells: readonly number[],
  read: (at: Connection) => Promise<T>,
): Promise<T[]> {
  return Promise.all(cells.map((cell) => read(inCell(connection, cell))));
}

async function sumOfKeys<Row extends BalanceKey>(
  connection: Connection,
  placement: Placement,
  keys: readonly BalanceKey[],
  read: (at: Connection, keys: readonly BalanceKey[]) => Promise<Row[]>,
  add: (a: Row, b: Row) => Row,
): Promise<Row[]> {
  const cells = placement.byCells(keys, ({ userId }) => placement.ofAccount(userId));
  return summed(await Promise.all(cells.map(([cell, own]) => read(inCell(connection, cell), own))), add);
}

/** At most `limit` rows by asset. Each cell gives as many, so none of the first is missing. */
async function pageOver<Row extends BalanceKey>(
  connection: Connection,
  placement: Placement,
  userId: string,
  limit: number,
  read: (at: Connection) => Promise<Row[]>,
  add: (a: Row, b: Row) => Row,
): Promise<Row[]> {
  return pageOf(await inEachOf(connection, placement.ofAccount(userId), read), limit, add);
}

function pageOf<Row extends BalanceKey>(
  pages: readonly Row[][],
  limit: number,
  add: (a: Row, b: Row) => Row,
): Row[] {
  const [page] = pages;
  if (page !== undefined && pages.length === 1) return page;
  return summed(pages, add)
    .sort((a, b) => compareText(a.userId, b.userId) || compareText(a.asset, b.asset))
    .slice(0, limit);
}

function summed<Row extends BalanceKey>(pages: readonly Row[][], add: (a: Row, b: Row) => Row): Row[] {
  const [page] = pages;
  if (page !== undefined && pages.length === 1) return page;
  const sums = new Map<string, Row>();
  for (const row of pages.flat()) {
    const id = `${row.userId}\0${row.asset}`;
    const before = sums.get(id);
    sums.set(id, before === undefined ? row : add(before, row));
  }
  return [...sums.values()];
}

function addBalances(a: BalanceView, b: BalanceView): BalanceView {
  return { ...addPastBalances(a, b), held: a.held + b.held };
}

function addPastBalances(a: PastBalance, b: PastBalance): PastBalance {
  const lastEntryTime = a.lastEntryTime > b.lastEntryTime ? a.lastEntryTime : b.lastEntryTime;
  return { ...a, balance: a.balance + b.balance, sequence: a.sequence + b.sequence, lastEntryTime };
}

/** Of a system account, which has no settings. */
function addAccounts(a: AccountView, b: AccountView): AccountView {
  const createTime = a.createTime < b.createTime ? a.createTime : b.createTime;
  const [balance, held] = [a.balance + b.balance, a.held + b.held];
  return { ...a, balance, held, sequence: a.sequence + b.sequence, createTime };
}
