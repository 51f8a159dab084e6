import type { Account } from '../../ledger/account';
import { execute, metadataJson, timeOrNull, timestampText, type Connection } from '../connection';

const insertAccountsStatement = {
  name: 'insert_accounts',
  // A new account is inserted as it is after its first batch: nobody could hold a lock on it, and whoever inserted
  // it first makes this statement write fewer rows.
  text: `
    INSERT INTO ledger.accounts
      (user_id, asset, stripe, sequence, balance, last_hash, last_entry_time, commit_order, held, next_hold_expiry,
       min_balance, frozen, metadata, settings_version, settings_time, create_time)
    SELECT user_id, asset, stripe, sequence, balance, last_hash, last_entry_time, commit_order, held,
           next_hold_expiry, min_balance, frozen, metadata, settings_version, settings_time, $16::timestamptz
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bytea[], $7::timestamptz[],
                  $8::bigint[], $9::bigint[], $10::timestamptz[], $11::bigint[], $12::boolean[], $13::jsonb[],
                  $14::bigint[], $15::timestamptz[])
        AS k (user_id, asset, stripe, sequence, balance, last_hash, last_entry_time, commit_order, held,
              next_hold_expiry, min_balance, frozen, metadata, settings_version, settings_time)
    ON CONFLICT DO NOTHING`,
};

/** Writes accounts that had no row, in the order given (key order). Returns how many went in. */
export function insertAccounts(
  connection: Connection,
  rows: readonly Account[],
  createTime: bigint,
): Promise<number> {
  return execute(connection, insertAccountsStatement, [
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
    rows.map((row) => row.minBalance),
    rows.map((row) => row.frozen),
    rows.map((row) => metadataJson(row.settings?.metadata ?? [])),
    rows.map((row) => row.settings?.version ?? 0n),
    rows.map((row) => timeOrNull(row.settings?.updateTime ?? null)),
    timestampText(createTime),
  ]);
}
