import type { AccountKey } from '../../ledger/account';
import { query, type Connection } from '../pg/connection';
import { timestampText } from '../pg/column-values';
import { runsBy } from './read-balances-as-of';

/** An account and its last entry up to a time. */
export interface Head extends AccountKey {
  /** 0: it had no entry by then. */
  readonly sequence: bigint;
  /** null without an entry. */
  readonly hash: Buffer | null;
}

const readHeadsStatement = {
  name: 'read_heads',
  text: `
    SELECT a.user_id, a.asset, a.stripe, coalesce(l.sequence, 0), e.hash
      FROM ledger.accounts a
     CROSS JOIN LATERAL (SELECT max(r.sequence) AS sequence FROM ${runsBy('a', '$4::timestamptz', '<=')} r) l
      LEFT JOIN ledger.entries e
        ON e.user_id = a.user_id AND e.asset = a.asset AND e.stripe = a.stripe AND e.sequence = l.sequence
     WHERE (a.user_id, a.asset, a.stripe) > ($1, $2, $3)
     ORDER BY a.user_id, a.asset, a.stripe LIMIT $5`,
};

/** At most `limit` accounts after a key, in key order, each with where it stood at a time (inclusive). */
export async function readHeads(
  connection: Connection,
  after: AccountKey,
  time: bigint,
  limit: number,
): Promise<Head[]> {
  const values = [after.userId, after.asset, after.stripe, timestampText(time), limit];
  const rows = await query<[string, string, number, bigint, Buffer | null]>(
    connection,
    readHeadsStatement,
    values,
  );
  return rows.map(([userId, asset, stripe, sequence, hash]) => ({ userId, asset, stripe, sequence, hash }));
}
