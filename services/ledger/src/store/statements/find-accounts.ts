import type { AccountKey } from '../../ledger/account';
import { integers, texts } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';

const findAccountsStatement = {
  name: 'find_accounts',
  text: `
    SELECT a.user_id, a.asset, a.stripe
      FROM unnest($1::text[], $2::text[], $3::int[]) AS k (user_id, asset, stripe)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe`,
};

/** Which of the accounts have a row. */
export async function findAccounts(
  connection: Connection,
  keys: readonly AccountKey[],
): Promise<AccountKey[]> {
  const rows = await query<[string, string, number]>(connection, findAccountsStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    integers(keys, (key) => key.stripe),
  ]);
  return rows.map(([userId, asset, stripe]) => ({ userId, asset, stripe }));
}
