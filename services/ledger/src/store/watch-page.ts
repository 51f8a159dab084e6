import { NEWEST_INCARNATION } from './incarnation';
import { storedEntryOf, type EntryRow, type StoredEntry } from './stored-entry';

/**
 * A stream of entries is the ledger in the order of `Transaction.commitOrder`, then user, asset, stripe and sequence.
 *
 * Ids and times are assigned before commit, so a transaction can appear behind a later one that was already read, and a
 * cursor on them would skip it. The commit order is safe: it is at least the xid of the database transaction that wrote
 * it and the offset of its incarnation, so below the snapshot's xmin (every lower xid has ended) nothing can be added any
 * more. It also never decreases along a sequence, so each account and stripe is in its own order.
 *
 * A database transaction that writes, anywhere in the cluster, holds the horizon back while it is open. The stream then
 * waits and loses nothing.
 */

/**
 * SQL for the horizon of the statement's own snapshot: what is below it is final, and seen by the statement. It lies
 * right after the last commit order below the snapshot's xmin, not at the xmin itself: after a crash, Postgres may
 * assign ids again whose transactions wrote nothing, and a position beyond those would skip what is then written.
 */
export const HORIZON = `coalesce((
  SELECT f.commit_order + 1 FROM ledger.transactions f
   WHERE f.commit_order < (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + n.xid_offset
                             FROM ${NEWEST_INCARNATION} n)
   ORDER BY f.commit_order DESC LIMIT 1), 0)`;

/** SQL for the ordinal of the incarnation that writes when a page is read. */
export const WATCHED_INCARNATION = `(SELECT n.incarnation FROM ${NEWEST_INCARNATION} n)`;

/** Selects entries; an empty field matches all. */
export interface WatchFilter {
  readonly userId: string;
  readonly asset: string;
}

/** A position right after the entry with this key, which need not exist. */
export interface WatchPosition {
  readonly commitOrder: bigint;
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint;
}

/** An entry and its position. */
export interface WatchedEntry extends StoredEntry {
  readonly commitOrder: bigint;
}

/** What follows a position. */
export interface WatchPage {
  readonly entries: readonly WatchedEntry[];
  /** The position after all that was read. */
  readonly next: WatchPosition;
  /** The ordinal of the incarnation that wrote when the page was read. */
  readonly incarnation: number;
  /** The next position is at the horizon: there is nothing more yet. */
  readonly caughtUp: boolean;
}

/** The position before all entries of a commit order. No user id is empty, and sequences begin with 1. */
export function startOf(commitOrder: bigint): WatchPosition {
  return { commitOrder, userId: '', asset: '', stripe: 0, sequence: 0n };
}

/** The columns in front of an entry's: a page without entries is one row of nulls behind the first two. */
export type WatchRow = [
  horizon: bigint,
  incarnation: number,
  /** Everything below this order was read; null: only the rows that are here. */
  readBelow: bigint | null,
  commitOrder: bigint | null,
  ...entry: EntryRow,
];

/** A page of rows. */
export function watchPageOf(rows: readonly WatchRow[], limit: number): WatchPage {
  const [first] = rows;
  if (first === undefined) throw new Error('the watch statement gave no row');
  const [horizon, incarnation, readBelow] = first;
  const entries: WatchedEntry[] = [];
  for (const [, , , commitOrder, ...entry] of rows) {
    if (commitOrder !== null) entries.push({ ...storedEntryOf(entry), commitOrder });
  }
  const last = entries.at(-1);
  if (last !== undefined && (readBelow === null || entries.length === limit)) {
    return { entries, next: last, incarnation, caughtUp: false };
  }
  return { entries, next: startOf(readBelow ?? horizon), incarnation, caughtUp: readBelow === horizon };
}
