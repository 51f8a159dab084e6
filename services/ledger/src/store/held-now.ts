/**
 * SQL for the amount that an account holds now: `held` without the holds that have expired by the database's clock but
 * are still counted in it. The subquery runs only for accounts with an expired hold.
 *
 * @param account the alias of ledger.accounts
 */
export function heldNow(account: string): string {
  return `(${account}.held - CASE WHEN ${account}.next_hold_expiry <= clock_timestamp() THEN (
      SELECT coalesce(sum(h.amount), 0) FROM ledger.holds h
       WHERE h.user_id = ${account}.user_id AND h.asset = ${account}.asset AND h.state = 1
         AND h.expire_time <= clock_timestamp()) ELSE 0 END)`;
}
