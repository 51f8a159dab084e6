import type { Account, AccountKey } from '../../ledger/account';
import { integers, texts } from '../pg/binary-columns';
import { query, sentTime, timeSent, type Connection } from '../pg/connection';

const lockAccountsStatement = {
  name: 'lock_accounts',
  // Rows are locked in the order in which the sort hands them up, so two batches never wait for each other in a
  // circle. The row version is the newest even where the statement had to wait; other tables must be read by a
  // later statement, whose snapshot is taken after the wait. So is its place, where it stays while it is locked.
  text: `
    SELECT a.user_id, a.asset, a.stripe, a.sequence, a.balance, a.held, a.min_balance, a.frozen, a.last_hash,
           ${timeSent('a.last_entry_time')}, a.commit_order, ${timeSent('a.next_hold_expiry')}, a.ctid
      FROM unnest($1::text[], $2::text[], $3::int[]) AS k (user_id, asset, stripe)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe
     ORDER BY a.user_id, a.asset, a.stripe
       FOR UPDATE OF a`,
};

type Row = [
  userId: string,
  asset: string,
  stripe: number,
  sequence: bigint,
  balance: bigint,
  held: bigint,
  minBalance: bigint,
  frozen: boolean,
  lastHash: Buffer,
  lastEntryTime: Buffer | null,
  commitOrder: bigint,
  nextHoldExpiry: Buffer | null,
  place: string,
];

/** Locks the account rows in key order until the transaction ends. Accounts never written have no row to lock. */
export async function lockAccounts(connection: Connection, keys: readonly AccountKey[]): Promise<Account[]> {
  const rows = await query<Row>(connection, lockAccountsStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    integers(keys, (key) => key.stripe),
  ]);
  return rows.map((row) => {
    const [
      userId,
      asset,
      stripe,
      sequence,
      balance,
      held,
      minBalance,
      frozen,
      lastHash,
      time,
      order,
      expiry,
      place,
    ] = row;
    return {
      userId,
      asset,
      stripe,
      sequence,
      balance,
      held,
      minBalance,
      frozen,
      lastHash,
      lastEntryTime: time === null ? 0n : sentTime(time),
      commitOrder: order,
      nextHoldExpiry: expiry === null ? null : sentTime(expiry),
      settings: null,
      createTime: 0n,
      place,
      changed: false,
      settingsChanged: false,
    };
  });
}
