import { wholeBalance, wholeSum } from './whole-numbers';

/** One row per account (and stripe of a system account): the row that is locked before anything changes. */
export const accountsTable: readonly string[] = [
  // Byte order everywhere: the order in which locks are taken must not depend on a locale.
  // fillfactor: rows are updated in place all the time and no indexed column ever changes, so they stay HOT.
  `CREATE TABLE ledger.accounts (
    user_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    stripe integer NOT NULL,
    sequence bigint NOT NULL,
    balance numeric NOT NULL,
    debits numeric NOT NULL,
    held bigint NOT NULL DEFAULT 0,
    min_balance bigint NOT NULL DEFAULT 0,
    frozen boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    settings_version bigint NOT NULL DEFAULT 0,
    settings_time timestamptz,
    next_hold_expiry timestamptz,
    last_hash bytea NOT NULL,
    last_entry_time timestamptz,
    commit_order bigint NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT accounts_pkey PRIMARY KEY (user_id, asset, stripe),
    CONSTRAINT accounts_stripe_check CHECK (stripe >= 0 AND (stripe = 0 OR user_id LIKE '@%')),
    CONSTRAINT accounts_sequence_check CHECK (sequence >= 0),
    CONSTRAINT accounts_balance_check CHECK (${wholeBalance('balance')}),
    CONSTRAINT accounts_debits_check CHECK (${wholeSum('debits')}),
    CONSTRAINT accounts_held_check CHECK (held >= 0 AND (held = 0 OR user_id NOT LIKE '@%')),
    CONSTRAINT accounts_min_balance_check
      CHECK (user_id LIKE '@%' OR balance - held >= min_balance),
    CONSTRAINT accounts_last_hash_check CHECK (octet_length(last_hash) = 32)
  ) WITH (fillfactor = 70)`,
];
