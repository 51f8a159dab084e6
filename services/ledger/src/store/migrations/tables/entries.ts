import { wholeBalance, wholeSum } from './whole-numbers';

/** Entries: one account's line of a transaction, written once, never changed. */
export const entriesTable: readonly string[] = [
  // No foreign key to transactions or accounts: five of them doubled the cost of a write, and none may join two
  // users' rows. The verifier checks what they would.
  `CREATE TABLE ledger.entries (
    user_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    stripe integer NOT NULL,
    sequence bigint NOT NULL,
    transaction_id uuid NOT NULL,
    kind smallint NOT NULL,
    change bigint NOT NULL,
    balance_after numeric NOT NULL,
    debits_after numeric NOT NULL,
    create_time timestamptz NOT NULL,
    effective_time timestamptz,
    hash bytea NOT NULL,
    CONSTRAINT entries_pkey PRIMARY KEY (user_id, asset, stripe, sequence),
    CONSTRAINT entries_stripe_check CHECK (stripe >= 0 AND (stripe = 0 OR user_id LIKE '@%')),
    CONSTRAINT entries_sequence_check CHECK (sequence >= 1),
    CONSTRAINT entries_kind_check CHECK (kind BETWEEN 1 AND 6),
    CONSTRAINT entries_change_check CHECK (change <> 0 AND change >= -9223372036854775807),
    CONSTRAINT entries_balance_after_check CHECK (${wholeBalance('balance_after')}),
    CONSTRAINT entries_debits_after_check CHECK (${wholeSum('debits_after')}),
    CONSTRAINT entries_first_check
      CHECK (sequence > 1 OR (balance_after = change AND debits_after = greatest(-change, 0))),
    CONSTRAINT entries_hash_check CHECK (octet_length(hash) = 32)
  )`,
  // Finds the entry of a time. Time never runs backwards along a sequence, so every 64th entry is enough: the index
  // gives the last of them before the time, and at most 64 entries along the primary key give the exact one. A
  // sixty-fourth of the cost of a whole index on every write, and a constant number of pages however long the account.
  `CREATE INDEX entries_time_index ON ledger.entries (user_id, asset, stripe, create_time, sequence)
     WHERE sequence % 64 = 0`,
];
