import type { Account } from '../../ledger/account';
import { bigints, byteas, numerics, times } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';
import { timeOrNull } from '../pg/column-values';
import { assertRowCount } from '../pg/assert-row-count';

const updateAccountsStatement = {
  name: 'update_accounts',
  // A locked row stays where it is: going to its location saves a search of the index, a third of this statement.
  text: `
    WITH updated AS (
    UPDATE ledger.accounts a
       SET sequence = k.sequence, balance = k.balance, debits = k.debits, last_hash = k.last_hash,
           last_entry_time = k.last_entry_time, commit_order = k.commit_order, held = k.held,
           next_hold_expiry = k.next_hold_expiry
      FROM unnest($1::tid[], $2::bigint[], $3::numeric[], $4::numeric[], $5::bytea[], $6::timestamptz[], $7::bigint[],
                  $8::bigint[], $9::timestamptz[])
        AS k (location, sequence, balance, debits, last_hash, last_entry_time, commit_order, held, next_hold_expiry)
     WHERE a.ctid = k.location
    RETURNING 1)${assertRowCount('$1::tid[]')}`,
};

/** Writes the new state of accounts whose rows this transaction has locked. */
export function updateAccounts(
  connection: Connection,
  rows: readonly Account[],
  locations: ReadonlyMap<Account, string>,
): Promise<void> {
  return execute(connection, updateAccountsStatement, [
    `{${rows.map((row) => `"${locations.get(row)}"`).join(',')}}`,
    bigints(rows, (row) => row.sequence),
    numerics(rows, (row) => row.balance),
    numerics(rows, (row) => row.debits),
    byteas(rows, (row) => row.lastHash),
    times(rows, (row) => timeOrNull(row.lastEntryTime)),
    bigints(rows, (row) => row.commitOrder),
    bigints(rows, (row) => row.held),
    times(rows, (row) => timeOrNull(row.nextHoldExpiry)),
  ]);
}
