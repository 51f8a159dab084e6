import type { Account } from '../../ledger/account';
import { bigints, booleans, byteas, integers, jsonbs, numerics, texts, times } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';
import { metadataJson, timeOrNull, timestampText } from '../pg/column-values';

const insertAccountsStatement = {
  name: 'insert_accounts',
  // A new account is inserted as it is after its first batch: nobody could hold a lock on it, and whoever inserted
  // it first makes this statement fail on the primary key.
  text: `
    INSERT INTO ledger.accounts
      (user_id, asset, stripe, sequence, balance, debits, last_hash, last_entry_time, commit_order, held,
       next_hold_expiry, min_balance, frozen, metadata, settings_version, settings_time, create_time)
    SELECT user_id, asset, stripe, sequence, balance, debits, last_hash, last_entry_time, commit_order, held,
           next_hold_expiry, min_balance, frozen, metadata, settings_version, settings_time, $17::timestamptz
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::numeric[], $6::numeric[], $7::bytea[],
                  $8::timestamptz[], $9::bigint[], $10::bigint[], $11::timestamptz[], $12::bigint[], $13::boolean[],
                  $14::jsonb[], $15::bigint[], $16::timestamptz[])
        AS k (user_id, asset, stripe, sequence, balance, debits, last_hash, last_entry_time, commit_order, held,
              next_hold_expiry, min_balance, frozen, metadata, settings_version, settings_time)`,
};

/** Writes accounts that had no row, in the order given (key order). */
export function insertAccounts(
  connection: Connection,
  rows: readonly Account[],
  createTime: bigint,
): Promise<void> {
  return execute(connection, insertAccountsStatement, [
    texts(rows, (row) => row.userId),
    texts(rows, (row) => row.asset),
    integers(rows, (row) => row.stripe),
    bigints(rows, (row) => row.sequence),
    numerics(rows, (row) => row.balance),
    numerics(rows, (row) => row.debits),
    byteas(rows, (row) => row.lastHash),
    times(rows, (row) => timeOrNull(row.lastEntryTime)),
    bigints(rows, (row) => row.commitOrder),
    bigints(rows, (row) => row.held),
    times(rows, (row) => timeOrNull(row.nextHoldExpiry)),
    bigints(rows, (row) => row.minBalance),
    booleans(rows, (row) => row.frozen),
    jsonbs(rows, (row) => metadataJson(row.settings?.metadata ?? [])),
    bigints(rows, (row) => row.settings?.version ?? 0n),
    times(rows, (row) => timeOrNull(row.settings?.updateTime ?? null)),
    timestampText(createTime),
  ]);
}
