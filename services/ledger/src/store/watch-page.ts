import { storedEntryOf, type EntryRow, type StoredEntry } from './stored-entry';

/**
 * A stream of entries is the ledger in the order of `Transaction.commitOrder`, then user, asset, stripe and sequence.
 *
 * Ids and times are handed out before commit, so a transaction may appear behind a later one that was read already:
 * a cursor on them skips it. The commit order is safe: it is at least the xid of the database transaction that wrote
 * it, so below the snapshot's xmin (every lower xid has ended) nothing can be added any more. And it never
 * falls along a sequence, so this order is that of every account and stripe.
 *
 * Any database transaction that writes, anywhere in the cluster, holds the horizon back while it is open: the stream
 * then waits, and loses nothing.
 */

/**
 * SQL for the horizon of the statement's own snapshot: what is below it is final, and seen by the statement. It lies
 * right behind the last commit order below the snapshot's xmin, not at the xmin itself: ids of database transactions
 * that wrote nothing may be given out a second time after a crash, and a position beyond them would skip what they
 * then write.
 */
export const HORIZON = `coalesce((
  SELECT f.commit_order + 1 FROM ledger.transactions f
   WHERE f.commit_order < (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint)
   ORDER BY f.commit_order DESC LIMIT 1), 0)`;

/** Which entries; empty: all. */
export interface WatchFilter {
  readonly userId: string;
  readonly asset: string;
}

/** A place between two entries: behind the one with this key, which need not exist. */
export interface WatchPosition {
  readonly commitOrder: bigint;
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint;
}

/** An entry and its place. */
export interface WatchedEntry extends StoredEntry {
  readonly commitOrder: bigint;
}

/** What follows a position. */
export interface WatchPage {
  readonly entries: readonly WatchedEntry[];
  /** Behind the entries, and behind all that was looked at. */
  readonly next: WatchPosition;
  /** Nothing more is to be had yet: the next position lies at the horizon. */
  readonly caughtUp: boolean;
}

/** Before everything of a commit order: no key is empty, and sequences begin with 1. */
export function startOf(commitOrder: bigint): WatchPosition {
  return { commitOrder, userId: '', asset: '', stripe: 0, sequence: 0n };
}

/** The columns in front of an entry's: a page without entries is one row of nulls behind the first two. */
export type WatchRow = [
  horizon: bigint,
  /** Everything below this order was looked at; null: only what the rows show. */
  lookedBelow: bigint | null,
  commitOrder: bigint | null,
  ...entry: EntryRow,
];

/** A page of rows. */
export function watchPageOf(rows: readonly WatchRow[], limit: number): WatchPage {
  const [first] = rows;
  if (first === undefined) throw new Error('the watch statement gave no row');
  const [horizon, lookedBelow] = first;
  const entries: WatchedEntry[] = [];
  for (const [, , commitOrder, ...entry] of rows) {
    if (commitOrder !== null) entries.push({ ...storedEntryOf(entry), commitOrder });
  }
  const last = entries.at(-1);
  if (last !== undefined && (lookedBelow === null || entries.length === limit)) {
    return { entries, next: last, caughtUp: false };
  }
  return { entries, next: startOf(lookedBelow ?? horizon), caughtUp: lookedBelow === horizon };
}
