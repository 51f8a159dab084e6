import type { Account } from '../../ledger/account';
import { execute, timeOrNull, type Connection } from '../connection';

const updateAccountsStatement = {
  name: 'update_accounts',
  text: `
    UPDATE ledger.accounts a
       SET sequence = k.sequence, balance = k.balance, last_hash = k.last_hash,
           last_entry_time = k.last_entry_time, commit_order = k.commit_order, held = k.held,
           next_hold_expiry = k.next_hold_expiry
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bytea[], $7::timestamptz[],
                  $8::bigint[], $9::bigint[], $10::timestamptz[])
        AS k (user_id, asset, stripe, sequence, balance, last_hash, last_entry_time, commit_order, held,
              next_hold_expiry)
     WHERE a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe`,
};

/** Writes the new state of accounts whose rows this transaction has locked. Returns how many were there. */
export function updateAccounts(connection: Connection, rows: readonly Account[]): Promise<number> {
  return execute(connection, updateAccountsStatement, [
    rows.map((row) => row.userId),
    rows.map((row) => row.asset),
    rows.map((row) => row.stripe),
    rows.map((row) => row.sequence),
    rows.map((row) => row.balance),
    rows.map((row) => row.lastHash),
    rows.map((row) => timeOrNull(row.lastEntryTime)),
    rows.map((row) => row.commitOrder),
    rows.map((row) => row.held),
    rows.map((row) => timeOrNull(row.nextHoldExpiry)),
  ]);
}
