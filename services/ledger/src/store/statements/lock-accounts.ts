import type { Account, AccountKey } from '../../ledger/account';
import { integers, texts } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';
import { microsFromBinary, binaryTimestamp } from '../pg/column-values';

const lockAccountsStatement = {
  name: 'lock_accounts',
  text: lockText('FOR UPDATE OF a'),
};

const lockFreeAccountsStatement = {
  name: 'lock_free_accounts',
  text: lockText('FOR UPDATE OF a SKIP LOCKED'),
};

function lockText(lock: string): string {
  // Rows are locked in the order in which the sort hands them up, so two batches never wait for each other in a
  // circle. The row version is the newest even where the statement had to wait; other tables must be read by a
  // later statement, whose snapshot is taken after the wait. So is the row's location, which stays while it is locked.
  return `
    SELECT a.user_id, a.asset, a.stripe, a.sequence, a.balance, a.debits, a.held, a.min_balance, a.frozen, a.last_hash,
           ${binaryTimestamp('a.last_entry_time')}, a.commit_order, ${binaryTimestamp('a.next_hold_expiry')}, a.ctid
      FROM unnest($1::text[], $2::text[], $3::int[]) AS k (user_id, asset, stripe)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe
     ORDER BY a.user_id, a.asset, a.stripe
       ${lock}`;
}

type Row = [
  userId: string,
  asset: string,
  stripe: number,
  sequence: bigint,
  balance: string,
  debits: string,
  held: bigint,
  minBalance: bigint,
  frozen: boolean,
  lastHash: Buffer,
  lastEntryTime: Buffer | null,
  commitOrder: bigint,
  nextHoldExpiry: Buffer | null,
  location: string,
];

/** Rows of accounts as they were when they were locked. */
export type LockedRows = readonly Row[];

/** Where the database keeps the rows (their ctid) of accounts that are locked. */
export type RowLocations = Map<Account, string>;

/**
 * Locks the account rows in key order until the transaction ends. Accounts that were never written have no row to
 * lock.
 *
 * @returns the rows in key order
 */
export function lockAccounts(connection: Connection, keys: readonly AccountKey[]): Promise<LockedRows> {
  return query<Row>(connection, lockAccountsStatement, valuesOf(keys));
}

/** The same for those rows that nobody else has locked; the others are not waited for. */
export function lockFreeAccounts(connection: Connection, keys: readonly AccountKey[]): Promise<LockedRows> {
  return query<Row>(connection, lockFreeAccountsStatement, valuesOf(keys));
}

function valuesOf(keys: readonly AccountKey[]): unknown[] {
  return [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    integers(keys, (key) => key.stripe),
  ];
}

/** The accounts of locked rows, made anew by each call, each with the location of its row; added to those given. */
export function accountsOf(rows: LockedRows, locations: RowLocations = new Map()): RowLocations {
  for (const row of rows) {
    const [
      userId,
      asset,
      stripe,
      sequence,
      balance,
      debits,
      held,
      minBalance,
      frozen,
      lastHash,
      time,
      order,
      expiry,
      location,
    ] = row;
    const account: Account = {
      userId,
      asset,
      stripe,
      sequence,
      balance: BigInt(balance),
      debits: BigInt(debits),
      held,
      minBalance,
      frozen,
      lastHash,
      lastEntryTime: time === null ? 0n : microsFromBinary(time),
      commitOrder: order,
      nextHoldExpiry: expiry === null ? null : microsFromBinary(expiry),
      settings: null,
      createTime: 0n,
    };
    locations.set(account, location);
  }
  return locations;
}
