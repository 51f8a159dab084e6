import { NEWEST_INCARNATION, type Incarnation } from '../incarnation';
import { query, type Connection } from '../pg/connection';

/** What the ledger's own history says about a position of an incarnation. */
export interface History {
  readonly newest: Incarnation;
  /** The highest commit order. */
  readonly newestOrder: bigint;
  /** The incarnation of the same ordinal; null: there is none. */
  readonly same: Incarnation | null;
  /** The highest commit order when the one after it began; null: there is none after it. */
  readonly nextStartOrder: bigint | null;
}

const findHistoryStatement = {
  name: 'find_history',
  text: `
    SELECT n.incarnation, n.nonce, n.start_order,
           coalesce((SELECT t.commit_order FROM ledger.transactions t ORDER BY t.commit_order DESC LIMIT 1), 0),
           s.nonce, s.start_order, (SELECT f.start_order FROM ledger.incarnations f WHERE f.incarnation = $1::int + 1)
      FROM ${NEWEST_INCARNATION} n
      LEFT JOIN ledger.incarnations s ON s.incarnation = $1`,
};

type Row = [number, string, bigint, bigint, string | null, bigint | null, bigint | null];

/** Looks up an incarnation by its ordinal. */
export async function findHistory(connection: Connection, ordinal: number): Promise<History> {
  const [row] = await query<Row>(connection, findHistoryStatement, [ordinal]);
  if (row === undefined) throw new Error('the ledger has no incarnation');
  const [newest, nonce, startOrder, newestOrder, sameNonce, sameStart, nextStartOrder] = row;
  const same =
    sameNonce === null || sameStart === null ? null : { ordinal, nonce: sameNonce, startOrder: sameStart };
  return { newest: { ordinal: newest, nonce, startOrder }, newestOrder, same, nextStartOrder };
}

// The transactions of one commit order are those of a batch or a few. The last of them stands for them.
const findAnchorStatement = {
  name: 'find_anchor',
  text: `SELECT t.digest FROM ledger.transactions t WHERE t.commit_order = $1 ORDER BY t.transaction_id DESC LIMIT 1`,
};

/** The digest of the last transaction of a commit order below the horizon, null when there is none. */
export async function findDigestAt(connection: Connection, commitOrder: bigint): Promise<Buffer | null> {
  const [row] = await query<[Buffer]>(connection, findAnchorStatement, [commitOrder]);
  return row?.[0] ?? null;
}
