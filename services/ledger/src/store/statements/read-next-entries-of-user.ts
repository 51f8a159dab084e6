import { query, type Connection } from '../pg/connection';
import {
  HORIZON,
  WATCHED_INCARNATION,
  watchPageOf,
  type WatchFilter,
  type WatchPage,
  type WatchPosition,
  type WatchRow,
} from '../watch-page';
import { entryColumns } from '../stored-entry';

// Entries carry no commit order, and an index on one would cost every write. But along a sequence, which has no gap,
// it never falls: bisection finds where an account's part of the page begins (20 steps for a million entries), and
// only accounts whose last entry is not behind the position are looked at.
//
// The accounts are merged as far as is sure: each gives so many entries, and what comes after the last one of an
// account that may have more waits for the next page. The account whose next entry comes first gives a whole page,
// the second half a page, the third a third: so a page is filled whether one account has all the entries or all have
// the same, and no more than a few pages are read for it.
const readNextEntriesOfUserStatement = {
  name: 'read_next_entries_of_user',
  text: `
    WITH RECURSIVE search AS (
      SELECT a.asset, a.stripe, 0::bigint AS low, a.sequence AS high
        FROM ledger.accounts a
       WHERE a.user_id = $5 AND ($6::text = '' OR a.asset = $6) AND a.commit_order >= $1
       UNION ALL
      SELECT s.asset, s.stripe, CASE WHEN m.behind THEN m.sequence ELSE s.low END,
             CASE WHEN m.behind THEN s.high ELSE m.sequence - 1 END
        FROM search s
       CROSS JOIN LATERAL (
         SELECT e.sequence,
                (t.commit_order, e.asset, e.stripe, e.sequence) <= ($1::bigint, $2::text, $3::int, $4::bigint) AS behind
           FROM ledger.entries e
           JOIN ledger.transactions t ON t.transaction_id = e.transaction_id
          WHERE e.user_id = $5 AND e.asset = s.asset AND e.stripe = s.stripe
            AND e.sequence = (s.low + s.high + 1) / 2
       ) m
       WHERE s.low < s.high
    ), heads AS MATERIALIZED (
      SELECT s.asset, s.stripe, s.low,
             s.low + 1 + $7::bigint / row_number() OVER (ORDER BY t.commit_order, s.asset, s.stripe) AS last
        FROM search s
        JOIN ledger.entries e
          ON e.user_id = $5 AND e.asset = s.asset AND e.stripe = s.stripe AND e.sequence = s.low + 1
        JOIN ledger.transactions t ON t.transaction_id = e.transaction_id
       WHERE s.low = s.high AND t.commit_order < ${HORIZON}
    ), candidates AS MATERIALIZED (
      SELECT t.commit_order, e.*, e.sequence = h.last AS may_go_on
        FROM heads h
        JOIN ledger.entries e
          ON e.user_id = $5 AND e.asset = h.asset AND e.stripe = h.stripe
         AND e.sequence > h.low AND e.sequence <= h.last
        JOIN ledger.transactions t ON t.transaction_id = e.transaction_id
       WHERE t.commit_order < ${HORIZON}
    ), looked AS (
      SELECT CASE WHEN bool_or(may_go_on) THEN NULL ELSE ${HORIZON} END AS below FROM candidates
    ), merged AS (
      SELECT *, count(*) FILTER (WHERE may_go_on) OVER (
                  ORDER BY commit_order, asset, stripe, sequence
                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS unsure
        FROM candidates
    )
    SELECT ${HORIZON}, ${WATCHED_INCARNATION}, l.below, e.*
      FROM looked l
      LEFT JOIN (
        SELECT e.commit_order, ${entryColumns}
          FROM merged e WHERE e.unsure = 0
         ORDER BY e.commit_order, e.asset, e.stripe, e.sequence
         LIMIT $7
      ) e ON true
     ORDER BY e.commit_order, e.asset, e.stripe, e.sequence`,
};

/**
 * At most `limit` entries behind a position, in the order of the stream, of one user's accounts: it reads those
 * accounts alone.
 */
export async function readNextEntriesOfUser(
  connection: Connection,
  filter: WatchFilter,
  { commitOrder, asset, stripe, sequence }: WatchPosition,
  limit: number,
): Promise<WatchPage> {
  const rows = await query<WatchRow>(connection, readNextEntriesOfUserStatement, [
    ...[commitOrder, asset, stripe, sequence],
    ...[filter.userId, filter.asset],
    limit,
  ]);
  return watchPageOf(rows, limit);
}
