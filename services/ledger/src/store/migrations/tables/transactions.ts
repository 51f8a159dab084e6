/** Transactions: written once, never changed. */
export const transactionsTable: readonly string[] = [
  // entry_keys: [user_id, asset, stripe, sequence] of each entry in order. Entries are found through it by their
  // primary key; an index on entries would cost more on every write than this column.
  `CREATE TABLE ledger.transactions (
    user_id text COLLATE "C" NOT NULL,
    transaction_id uuid NOT NULL,
    kind smallint NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    caller text NOT NULL,
    create_time timestamptz NOT NULL,
    effective_time timestamptz,
    description text NOT NULL,
    reference text COLLATE "C" NOT NULL,
    metadata jsonb NOT NULL,
    item_id text COLLATE "C",
    item_name text,
    price_version bigint,
    unit_price bigint,
    quantity bigint,
    reverses_transaction_id uuid,
    reversed_amount bigint,
    entry_keys jsonb NOT NULL,
    digest bytea NOT NULL,
    hash_version smallint NOT NULL,
    commit_order bigint NOT NULL,
    CONSTRAINT transactions_pkey PRIMARY KEY (user_id, transaction_id),
    CONSTRAINT transactions_kind_check CHECK (kind BETWEEN 1 AND 6),
    CONSTRAINT transactions_user_id_check CHECK (user_id <> '' AND user_id NOT LIKE '@%'),
    CONSTRAINT transactions_digest_check CHECK (octet_length(digest) = 32),
    CONSTRAINT transactions_entry_keys_check CHECK (jsonb_array_length(entry_keys) >= 2),
    CONSTRAINT transactions_item_check
      CHECK (num_nulls(item_id, item_name, price_version, unit_price, quantity) IN (0, 5)),
    CONSTRAINT transactions_reversal_check
      CHECK ((kind = 5) = (reverses_transaction_id IS NOT NULL) AND (kind = 5) = (reversed_amount IS NOT NULL)
        AND (reversed_amount IS NULL OR reversed_amount >= 1))
  )`,
  // For GetTransaction by id alone. Not unique: uniqueness stands in the primary key, whose first column is the
  // one that a distributed Postgres shards by.
  'CREATE INDEX transactions_id_index ON ledger.transactions (transaction_id)',
  // For the change stream: everything below a snapshot's xmin, in order. See Transaction.commitOrder.
  'CREATE INDEX transactions_commit_order_index ON ledger.transactions (commit_order)',
  `CREATE INDEX transactions_reference_index ON ledger.transactions (reference, transaction_id)
     WHERE reference <> ''`,
  `CREATE INDEX transactions_reversal_index ON ledger.transactions (user_id, reverses_transaction_id)
     WHERE reverses_transaction_id IS NOT NULL`,
];
