const INT64_MAX = 2n ** 63n - 1n;

/** One row per account (and stripe of a system account): the row that is locked before anything changes. */
export const accountsTable: readonly string[] = [
  // Byte order everywhere: the order in which locks are taken must not depend on a locale.
  // fillfactor: rows are updated in place all the time and no indexed column ever changes, so they stay HOT.
  // What every entry changes comes last: the WAL has of an update what lies between the first and the last byte changed.
  // One condition, for what SQL by hand could do to money in a moment; Postgres reads each anew for every statement, and
  // the verifier checks the rest.
  `CREATE TABLE ledger.accounts (
    user_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    stripe integer NOT NULL,
    create_time timestamptz NOT NULL,
    settings_time timestamptz,
    settings_version bigint NOT NULL DEFAULT 0,
    min_balance bigint NOT NULL DEFAULT 0,
    frozen boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    next_hold_expiry timestamptz,
    held bigint NOT NULL DEFAULT 0,
    sequence bigint NOT NULL,
    commit_order bigint NOT NULL,
    last_entry_time timestamptz,
    balance numeric NOT NULL,
    debits numeric NOT NULL,
    last_hash bytea NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (user_id, asset, stripe),
    CONSTRAINT accounts_balance_check
      CHECK (held >= 0 AND (user_id LIKE '@%' OR balance BETWEEN min_balance + held AND ${INT64_MAX}))
  ) WITH (fillfactor = 70)`,
];
