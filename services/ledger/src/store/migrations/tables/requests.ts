/**
 * Finished requests with their outcomes: written once, in the transaction that carried them out. What a request booked
 * stands in its row: a transaction is the request that booked it, so there is one row to write, to find by either key,
 * and to verify.
 */
export const requestsTable: readonly string[] = [
  // outcome: the bytes that went out and go out again: the response message, or a google.rpc.Status.
  // From transaction_id on: the transaction, when one was booked. entry_keys: [user_id, asset, stripe, sequence] of each
  // entry in order, as the text that came. Entries are found through it by their primary key; an index on entries would
  // cost more on every write than this column.
  // Columns of a fixed width come first: behind a text each of them may be padded. As for conditions, see accounts.
  `CREATE TABLE ledger.requests (
    create_time timestamptz NOT NULL,
    commit_order bigint,
    transaction_id uuid,
    code smallint NOT NULL,
    content_hash_version smallint NOT NULL,
    kind smallint,
    hash_version smallint,
    user_id text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    method text NOT NULL,
    caller text NOT NULL,
    content_hash bytea NOT NULL,
    reason text NOT NULL,
    digest bytea,
    description text,
    reference text COLLATE "C",
    metadata jsonb,
    entry_keys json,
    effective_time timestamptz,
    item_id text COLLATE "C",
    item_name text,
    price_version bigint,
    unit_price bigint,
    quantity bigint,
    reverses_transaction_id uuid,
    reversed_amount bigint,
    outcome bytea NOT NULL,
    CONSTRAINT requests_pkey PRIMARY KEY (user_id, request_id),
    CONSTRAINT requests_transaction_check CHECK (transaction_id IS NULL OR
      num_nulls(commit_order, kind, hash_version, digest, description, reference, metadata, entry_keys) = 0)
  )`,
  // For GetTransaction by id alone, and from an entry to its transaction. Not unique: a distributed Postgres could keep
  // that for its first column alone, by which it shards.
  `CREATE INDEX requests_transaction_index ON ledger.requests (transaction_id) WHERE transaction_id IS NOT NULL`,
  // For the change stream: everything below a snapshot's xmin, in order. See Transaction.commitOrder.
  `CREATE INDEX requests_commit_order_index ON ledger.requests (commit_order) WHERE transaction_id IS NOT NULL`,
  `CREATE INDEX requests_reference_index ON ledger.requests (reference, transaction_id)
     WHERE transaction_id IS NOT NULL AND reference <> ''`,
  // For ListTransactions, and for those of one user by their ids. Behind the index of ids: of two that cost the same,
  // as on young tables, the planner takes the younger one, and the other leads through the transactions of everybody.
  `CREATE INDEX requests_user_transaction_index ON ledger.requests (user_id, transaction_id)
     WHERE transaction_id IS NOT NULL`,
  `CREATE INDEX requests_reversal_index ON ledger.requests (user_id, reverses_transaction_id)
     WHERE reverses_transaction_id IS NOT NULL`,
  // The requests that booked something, as what they booked. Only reads go by it.
  `CREATE VIEW ledger.transactions AS
     SELECT r.user_id, r.transaction_id, r.kind, r.request_id, r.caller, r.create_time, r.effective_time, r.description,
            r.reference, r.metadata, r.item_id, r.item_name, r.price_version, r.unit_price, r.quantity,
            r.reverses_transaction_id, r.reversed_amount, r.entry_keys, r.digest, r.hash_version, r.commit_order
       FROM ledger.requests r WHERE r.transaction_id IS NOT NULL`,
];
