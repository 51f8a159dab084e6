/**
 * A life of the ledger's database. Every start of a Postgres on it begins a new one: after a restart, on a promoted
 * standby, on a copy, on a restored dump. So two histories that part never share the incarnation in which they went on,
 * and what a position of an older one names is common up to where the next one began.
 */
export interface Incarnation {
  /** Counts from 1. */
  readonly ordinal: number;
  /** Eight hexadecimal digits by chance: another copy of the same past has others. */
  readonly nonce: string;
  /** The highest commit order when it began. */
  readonly startOrder: bigint;
}

/** The incarnation that a connection writes in. */
export interface WritingIncarnation extends Incarnation {
  /** What its commit orders are above the xids of the cluster. */
  readonly xidOffset: bigint;
}

/** SQL for the newest incarnation: a row of its columns `i`. */
export const NEWEST_INCARNATION = `
  (SELECT i.incarnation, i.nonce, i.start_order, i.xid_offset
     FROM ledger.incarnations i ORDER BY i.incarnation DESC LIMIT 1)`;

/** A position as text, for metadata: `<ordinal>-<nonce>/<commit order>`. Those of one history grow with the order. */
export function positionText({ ordinal, nonce }: Incarnation, commitOrder: bigint): string {
  return `${ordinal}-${nonce}/${commitOrder}`;
}
