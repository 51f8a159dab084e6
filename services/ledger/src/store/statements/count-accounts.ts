import type { AccountKey } from '../../ledger/account';
import { query, type Connection } from '../pg/connection';

// A page at a time: a count of the whole table would be the longest statement of all.
const countAccountsStatement = {
  name: 'count_accounts',
  text: `
    SELECT count(*) OVER (), p.user_id, p.asset, p.stripe
      FROM (SELECT a.user_id, a.asset, a.stripe FROM ledger.accounts a
             WHERE (a.user_id, a.asset, a.stripe) > ($1, $2, $3) AND a.user_id <= $4
             ORDER BY a.user_id, a.asset, a.stripe LIMIT $5) p
     ORDER BY p.user_id DESC, p.asset DESC, p.stripe DESC LIMIT 1`,
};

/** How many accounts, at most `limit`, come after a key and up to a user, and the last of them; null: none. */
export async function countAccounts(
  connection: Connection,
  after: AccountKey,
  lastUserId: string,
  limit: number,
): Promise<{ count: bigint; last: AccountKey } | null> {
  const [row] = await query<[bigint, string, string, number]>(connection, countAccountsStatement, [
    after.userId,
    after.asset,
    after.stripe,
    lastUserId,
    limit,
  ]);
  if (row === undefined) return null;
  const [count, userId, asset, stripe] = row;
  return { count, last: { userId, asset, stripe } };
}
