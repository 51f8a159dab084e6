/** Entries: one account's line of a transaction, written once, never changed. */
export const entriesTable: readonly string[] = [
  // No foreign key to transactions or accounts: five of them doubled the cost of a write, and none may join two
  // users' rows. The verifier checks what they would.
  // Columns of a fixed width come first: behind a text each of them may be padded. As for conditions, see accounts.
  `CREATE TABLE ledger.entries (
    create_time timestamptz NOT NULL,
    sequence bigint NOT NULL,
    change bigint NOT NULL,
    transaction_id uuid NOT NULL,
    stripe integer NOT NULL,
    kind smallint NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    asset text COLLATE "C" NOT NULL,
    balance_after numeric NOT NULL,
    debits_after numeric NOT NULL,
    hash bytea NOT NULL,
    effective_time timestamptz,
    CONSTRAINT entries_pkey PRIMARY KEY (user_id, asset, stripe, sequence),
    CONSTRAINT entries_change_check CHECK (change <> 0 AND sequence > 0)
  )`,
  // Finds the entry of a time. Time never runs backwards along a sequence, so every 64th entry is enough: the index
  // gives the last of them before the time, and at most 64 entries along the primary key give the exact one. A
  // sixty-fourth of the cost of a whole index on every write, and a constant number of pages however long the account.
  `CREATE INDEX entries_time_index ON ledger.entries (user_id, asset, stripe, create_time, sequence)
     WHERE sequence % 64 = 0`,
];
