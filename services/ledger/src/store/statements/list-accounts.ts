import type { AccountView } from '../../ledger/outcome';
import { metadataOf, microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';
import { heldNow } from '../held-now';

// A user has one row per asset; a system account, which has no settings, is summed over its stripes.
const columns = `
  a.user_id, a.asset, sum(a.balance)::text, sum(${heldNow('a')})::text, sum(a.sequence)::text,
  max(a.min_balance), bool_or(a.frozen), (array_agg(a.metadata ORDER BY a.stripe))[1], max(a.settings_version),
  max(${microsOf('a.settings_time')}), min(${microsOf('a.create_time')})`;

const findAccountStatement = {
  name: 'find_account',
  text: `SELECT ${columns} FROM ledger.accounts a WHERE a.user_id = $1 AND a.asset = $2 GROUP BY a.user_id, a.asset`,
};

const listAccountsStatement = {
  name: 'list_accounts',
  text: `
    SELECT ${columns} FROM ledger.accounts a WHERE (a.user_id, a.asset) > ($1, $2) AND a.user_id <= $3
     GROUP BY a.user_id, a.asset ORDER BY a.user_id, a.asset LIMIT $4`,
};

type Row = [
  userId: string,
  asset: string,
  balance: string,
  held: string,
  sequence: string,
  minBalance: bigint,
  frozen: boolean,
  metadata: Record<string, string>,
  settingsVersion: bigint,
  settingsTime: bigint | null,
  createTime: bigint,
];

/** One account with its settings, or null when it was never written. */
export async function findAccount(
  connection: Connection,
  userId: string,
  asset: string,
): Promise<AccountView | null> {
  const [row] = await query<Row>(connection, findAccountStatement, [userId, asset]);
  return row === undefined ? null : accountOfRow(row);
}

/** An account by its primary key; its asset may be empty, which is before all of the user's accounts. */
export interface AccountPosition {
  readonly userId: string;
  readonly asset: string;
}

/** At most `limit` accounts behind a position, up to those of the last user, by user and asset in byte order. */
export async function listAccounts(
  connection: Connection,
  after: AccountPosition,
  lastUserId: string,
  limit: number,
): Promise<AccountView[]> {
  const rows = await query<Row>(connection, listAccountsStatement, [
    after.userId,
    after.asset,
    lastUserId,
    limit,
  ]);
  return rows.map(accountOfRow);
}

function accountOfRow(row: Row): AccountView {
  const [
    userId,
    asset,
    balance,
    held,
    sequence,
    minBalance,
    frozen,
    metadata,
    version,
    updateTime,
    createTime,
  ] = row;
  return {
    userId,
    asset,
    balance: BigInt(balance),
    held: BigInt(held),
    sequence: BigInt(sequence),
    minBalance,
    frozen,
    settings: { metadata: metadataOf(metadata), version, updateTime: updateTime ?? 0n },
    createTime,
  };
}
