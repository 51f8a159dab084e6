/** Finished requests with their outcomes: written once, in the transaction that carried them out. */
export const requestsTable: readonly string[] = [
  // outcome: the bytes that went out and go out again: the response message, or a google.rpc.Status.
  `CREATE TABLE ledger.requests (
    user_id text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    method text NOT NULL,
    caller text NOT NULL,
    content_hash bytea NOT NULL,
    content_hash_version smallint NOT NULL,
    code smallint NOT NULL,
    reason text NOT NULL,
    outcome bytea NOT NULL,
    transaction_id uuid,
    create_time timestamptz NOT NULL,
    CONSTRAINT requests_pkey PRIMARY KEY (user_id, request_id),
    CONSTRAINT requests_content_hash_check CHECK (octet_length(content_hash) = 32),
    CONSTRAINT requests_code_check CHECK (code BETWEEN 0 AND 16),
    CONSTRAINT requests_reason_check CHECK ((code = 0) = (reason = ''))
  )`,
];
