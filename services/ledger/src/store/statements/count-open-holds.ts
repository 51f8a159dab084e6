import { texts } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';

const countOpenHoldsStatement = {
  name: 'count_open_holds',
  // Never more than the limit, however many there are. Expired ones are settled before anything is decided.
  text: `
    SELECT k.user_id, k.asset, (
             SELECT count(*)::int FROM (
               SELECT FROM ledger.holds o
                WHERE o.user_id = k.user_id AND o.asset = k.asset AND o.state = 1
                  AND coalesce(o.expire_time, 'infinity') > (SELECT clock_timestamp())
                LIMIT $3::int) h)
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)`,
};

/** How many holds of a user's account are open, at most as many as asked for. */
export interface OpenHolds {
  readonly userId: string;
  readonly asset: string;
  readonly count: number;
}

/** Counts the open holds of accounts whose rows are locked. */
export async function countOpenHolds(
  connection: Connection,
  keys: readonly { userId: string; asset: string }[],
  max: number,
): Promise<OpenHolds[]> {
  const rows = await query<[string, string, number]>(connection, countOpenHoldsStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    max,
  ]);
  return rows.map(([userId, asset, count]) => ({ userId, asset, count }));
}
