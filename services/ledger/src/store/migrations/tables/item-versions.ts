/** Versions of items: written once; the highest is the current one. */
export const itemVersionsTable: readonly string[] = [
  // The primary key is also the guard against two editors: both insert the same next version, one goes in.
  `CREATE TABLE ledger.item_versions (
    item_id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    name text NOT NULL,
    asset text COLLATE "C" NOT NULL,
    price bigint NOT NULL,
    active boolean NOT NULL,
    grant_asset text COLLATE "C" NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT item_versions_pkey PRIMARY KEY (item_id, version),
    CONSTRAINT item_versions_version_check CHECK (version >= 1),
    CONSTRAINT item_versions_price_check CHECK (price >= 1),
    CONSTRAINT item_versions_grant_asset_check CHECK (grant_asset <> asset)
  )`,
];
