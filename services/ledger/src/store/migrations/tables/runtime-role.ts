/**
 * The role that servers take on every connection: it can add to the ledger and move balances, and has no right to
 * change or delete what was booked. Roles belong to the whole cluster, so it may exist already.
 */
export const runtimeRole: readonly string[] = [
  // Two databases of one cluster may be migrated at once: the loser of that race finds what it wanted.
  `DO $$ BEGIN
     IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_runtime') THEN
       CREATE ROLE ledger_runtime NOLOGIN;
     END IF;
   EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
   END $$`,
  'GRANT USAGE ON SCHEMA ledger TO ledger_runtime',
];

/** What it may do with the tables that every cell has. */
export const runtimeRights: readonly string[] = [
  `GRANT SELECT, INSERT ON ledger.accounts, ledger.entries, ledger.requests,
     ledger.item_versions, ledger.holds, ledger.time_steps, ledger.incarnations TO ledger_runtime`,
  'GRANT SELECT ON ledger.transactions TO ledger_runtime',
  `GRANT UPDATE (sequence, balance, debits, held, min_balance, frozen, metadata, settings_version, settings_time,
     next_hold_expiry, last_hash, last_entry_time, commit_order) ON ledger.accounts TO ledger_runtime`,
  'GRANT UPDATE (captured_amount, state, update_time) ON ledger.holds TO ledger_runtime',
];
