import type { BalanceView } from '../../ledger/outcome';
import { texts } from '../pg/binary-columns';
import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';
import { heldNow } from '../held-now';

const readBalancesStatement = {
  name: 'read_balances',
  // The sum is over the stripes of a system account; a user has one row. As text: it may pass int64.
  text: `
    SELECT k.user_id, k.asset, sum(a.balance)::text, sum(${heldNow('a')})::text, sum(a.sequence)::text,
           max(${microsOf('a.last_entry_time')})
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset
     GROUP BY k.user_id, k.asset`,
};

type Row = [string, string, string, string, string, bigint | null];

/** One account, all its stripes taken together. */
export interface BalanceKey {
  readonly userId: string;
  readonly asset: string;
}

/** The balances of those accounts that exist, in one snapshot. Keys must differ from each other. */
export async function readBalances(
  connection: Connection,
  keys: readonly BalanceKey[],
): Promise<BalanceView[]> {
  const rows = await query<Row>(connection, readBalancesStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
  ]);
  return rows.map(balanceOfRow);
}

const listBalancesStatement = {
  name: 'list_balances',
  text: `
    SELECT a.user_id, a.asset, sum(a.balance)::text, sum(${heldNow('a')})::text, sum(a.sequence)::text,
           max(${microsOf('a.last_entry_time')})
      FROM ledger.accounts a WHERE a.user_id = $1 AND a.asset > $2
     GROUP BY a.user_id, a.asset ORDER BY a.asset LIMIT $3`,
};

/** The balances of at most `limit` assets of a user after an asset, by asset, in one snapshot. */
export async function listBalances(
  connection: Connection,
  userId: string,
  after: string,
  limit: number,
): Promise<BalanceView[]> {
  const rows = await query<Row>(connection, listBalancesStatement, [userId, after, limit]);
  return rows.map(balanceOfRow);
}

function balanceOfRow([userId, asset, balance, held, sequence, time]: Row): BalanceView {
  return {
    userId,
    asset,
    balance: BigInt(balance),
    held: BigInt(held),
    sequence: BigInt(sequence),
    lastEntryTime: time ?? 0n,
  };
}
