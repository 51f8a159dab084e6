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

// WITH TIES: the entries of a commit order are sorted together, so its transactions are taken whole. They are those of
// one batch, and of batches that ran beside it; the sort stays in the database, a page of it comes here.
const readNextEntriesStatement = {
  name: 'read_next_entries',
  text: `
    WITH picked AS MATERIALIZED (
      SELECT t.commit_order, t.entry_keys
        FROM ledger.transactions t
       WHERE t.commit_order >= $1 AND t.commit_order < ${HORIZON}
       ORDER BY t.commit_order
       FETCH FIRST $8 ROWS WITH TIES
    ), looked AS (
      SELECT CASE WHEN count(*) < $8::bigint THEN ${HORIZON} ELSE max(commit_order) + 1 END AS below FROM picked
    ), keys AS (
      SELECT p.commit_order, (k.key->>0) COLLATE "C" AS user_id, (k.key->>1) COLLATE "C" AS asset,
             (k.key->>2)::int AS stripe, (k.key->>3)::bigint AS sequence
        FROM picked p CROSS JOIN LATERAL json_array_elements(p.entry_keys) AS k (key)
    ), page AS MATERIALIZED (
      SELECT * FROM keys
       WHERE (commit_order, user_id, asset, stripe, sequence) > ($1::bigint, $2::text, $3::text, $4::int, $5::bigint)
         AND ($6::text = '' OR user_id = $6) AND ($7::text = '' OR asset = $7)
       ORDER BY commit_order, user_id, asset, stripe, sequence
       LIMIT $9
    )
    SELECT ${HORIZON}, ${WATCHED_INCARNATION}, l.below, e.*
      FROM looked l
      LEFT JOIN (
        SELECT p.commit_order, ${entryColumns}
          FROM page p
          JOIN ledger.entries e
            ON e.user_id = p.user_id AND e.asset = p.asset AND e.stripe = p.stripe AND e.sequence = p.sequence
      ) e ON true
     ORDER BY e.commit_order, e.user_id, e.asset, e.stripe, e.sequence`,
};

/** No transaction has fewer entries. */
const MIN_ENTRIES = 2;

/**
 * At most `limit` entries behind a position, in the order of the stream, from the whole ledger: it reads every
 * transaction there, whatever the filter.
 */
export async function readNextEntries(
  connection: Connection,
  filter: WatchFilter,
  { commitOrder, userId, asset, stripe, sequence }: WatchPosition,
  limit: number,
): Promise<WatchPage> {
  const rows = await query<WatchRow>(connection, readNextEntriesStatement, [
    ...[commitOrder, userId, asset, stripe, sequence],
    ...[filter.userId, filter.asset],
    Math.ceil(limit / MIN_ENTRIES),
    limit,
  ]);
  return watchPageOf(rows, limit);
}
