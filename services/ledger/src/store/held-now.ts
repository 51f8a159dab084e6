/**
 * SQL for what an account holds back right now: its `held` less what has expired by the database's clock and was
 * not settled yet. The look-up runs only for accounts of which a hold is due.
 *
 * @param account the alias of ledger.accounts
 */
export function heldNow(account: string): string {
  return `(${account}.held - CASE WHEN ${account}.next_hold_expiry <= clock_timestamp() THEN (
      SELECT coalesce(sum(h.amount), 0) FROM ledger.holds h
       WHERE h.user_id = ${account}.user_id AND h.asset = ${account}.asset AND h.state = 1
         AND h.expire_time <= clock_timestamp()) ELSE 0 END)`;
}
