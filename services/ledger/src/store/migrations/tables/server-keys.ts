/** Keys that all servers of one database share, such as the one that signs page tokens. */
export const serverKeysTable: readonly string[] = [
  `CREATE TABLE ledger.server_keys (
    name text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT server_keys_pkey PRIMARY KEY (name),
    CONSTRAINT server_keys_secret_check CHECK (octet_length(secret) >= 32)
  )`,
  'GRANT SELECT, INSERT ON ledger.server_keys TO ledger_runtime',
];
