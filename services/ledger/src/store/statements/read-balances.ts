import type { BalanceView } from '../../ledger/outcome';
import { microsOf, query, type Connection } from '../connection';

const readBalancesStatement = {
  name: 'read_balances',
  // The sum is over the stripes of a system account; a user has one row. As text: it may pass int64.
  text: `
    SELECT k.user_id, k.asset, sum(a.balance)::text, sum(a.held)::text, sum(a.sequence)::text,
           max(${microsOf('a.last_entry_time')})
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset
     GROUP BY k.user_id, k.asset`,
};

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
  const rows = await query<[string, string, string, string, string, bigint | null]>(
    connection,
    readBalancesStatement,
    [keys.map((key) => key.userId), keys.map((key) => key.asset)],
  );
  return rows.map(([userId, asset, balance, held, sequence, time]) => ({
    userId,
    asset,
    balance: BigInt(balance),
    held: BigInt(held),
    sequence: BigInt(sequence),
    lastEntryTime: time ?? 0n,
  }));
}
