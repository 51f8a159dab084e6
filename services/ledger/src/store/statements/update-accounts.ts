import type { Account } from '../../ledger/account';
import { bigints, byteas, integers, texts, times } from '../columns';
import { execute, timeOrNull, unlessEachRow, type Connection } from '../connection';

const updateAccountsStatement = {
  name: 'update_accounts',
  text: `
    WITH updated AS (
    UPDATE ledger.accounts a
       SET sequence = k.sequence, balance = k.balance, last_hash = k.last_hash,
           last_entry_time = k.last_entry_time, commit_order = k.commit_order, held = k.held,
           next_hold_expiry = k.next_hold_expiry
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bytea[], $7::timestamptz[],
                  $8::bigint[], $9::bigint[], $10::timestamptz[])
        AS k (user_id, asset, stripe, sequence, balance, last_hash, last_entry_time, commit_order, held,
              next_hold_expiry)
     WHERE a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe
    RETURNING 1)${unlessEachRow('$3::int[]')}`,
};

/** Writes the new state of accounts whose rows this transaction has locked. */
export function updateAccounts(connection: Connection, rows: readonly Account[]): Promise<void> {
  return execute(connection, updateAccountsStatement, [
    texts(rows, (row) => row.userId),
    texts(rows, (row) => row.asset),
    integers(rows, (row) => row.stripe),
    bigints(rows, (row) => row.sequence),
    bigints(rows, (row) => row.balance),
    byteas(rows, (row) => row.lastHash),
    times(rows, (row) => timeOrNull(row.lastEntryTime)),
    bigints(rows, (row) => row.commitOrder),
    bigints(rows, (row) => row.held),
    times(rows, (row) => timeOrNull(row.nextHoldExpiry)),
  ]);
}
