/**
 * The lives of the ledger's database: each start of a Postgres on it begins one, and so does a restored or promoted copy.
 * A commit order is the xid of a transaction and the offset of its incarnation, so it never falls, also where a dump was
 * restored into a cluster with lower xids. Two copies of one past have different nonces from where they part.
 */
export const incarnationsTable: readonly string[] = [
  `CREATE TABLE ledger.incarnations (
    incarnation integer NOT NULL,
    nonce text COLLATE "C" NOT NULL DEFAULT substr(md5(gen_random_uuid()::text), 1, 8),
    system_identifier bigint NOT NULL,
    timeline integer NOT NULL,
    postmaster_start_time timestamptz NOT NULL,
    xid_offset bigint NOT NULL,
    start_order bigint NOT NULL,
    create_time timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT incarnations_pkey PRIMARY KEY (incarnation),
    CONSTRAINT incarnations_incarnation_check CHECK (incarnation >= 1),
    CONSTRAINT incarnations_nonce_check CHECK (nonce ~ '^[0-9a-f]{8}$')
  )`,
];
