import type { AccountKey } from '../../ledger/account';
import { HoldState } from '../../ledger/hold';
import { query, type Connection } from '../pg/connection';

const settleHoldsStatement = {
  name: 'settle_holds',
  // The next expiry of the account stays in the past: whoever decides on the account next settles what is left.
  // The state is a parameter, as in update_holds.
  text: `
    WITH due AS MATERIALIZED (
      SELECT o.user_id, o.hold_id FROM ledger.holds o
       WHERE o.user_id = $1 AND o.asset = $2 AND o.state = 1 AND o.expire_time <= (SELECT clock_timestamp())
       LIMIT $3::int),
    settled AS (
      UPDATE ledger.holds h SET state = $4::int, update_time = h.expire_time
        FROM due d
       WHERE h.user_id = d.user_id AND h.hold_id = d.hold_id AND h.state = $5::int
      RETURNING h.amount),
    freed AS (
      UPDATE ledger.accounts a SET held = a.held - s.amount
        FROM (SELECT coalesce(sum(amount), 0)::bigint AS amount FROM settled) s
       WHERE a.user_id = $1 AND a.asset = $2 AND a.stripe = 0)
    SELECT count(*)::int FROM settled`,
};

/** Settles at most so many expired holds of a user's account whose row is locked. Returns how many there were. */
export async function settleHolds(
  connection: Connection,
  { userId, asset }: AccountKey,
  max: number,
): Promise<number> {
  const rows = await query<[number]>(connection, settleHoldsStatement, [
    ...[userId, asset, max],
    ...[HoldState.EXPIRED, HoldState.OPEN],
  ]);
  return rows[0]?.[0] ?? 0;
}
