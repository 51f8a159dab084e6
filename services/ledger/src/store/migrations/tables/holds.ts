/** Amounts set aside. A hold changes its state once and is never deleted. */
export const holdsTable: readonly string[] = [
  `CREATE TABLE ledger.holds (
    user_id text COLLATE "C" NOT NULL,
    hold_id uuid NOT NULL,
    asset text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    captured_amount bigint NOT NULL DEFAULT 0,
    destination text COLLATE "C" NOT NULL,
    state smallint NOT NULL,
    expire_time timestamptz,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    CONSTRAINT holds_pkey PRIMARY KEY (user_id, hold_id),
    CONSTRAINT holds_amount_check CHECK (amount >= 1),
    CONSTRAINT holds_captured_amount_check CHECK (captured_amount BETWEEN 0 AND amount),
    CONSTRAINT holds_state_check CHECK (state BETWEEN 1 AND 4)
  ) WITH (fillfactor = 90)`,
  // For the settlement of what has expired on an account.
  `CREATE INDEX holds_open_index ON ledger.holds (user_id, asset, expire_time) WHERE state = 1`,
];
