/** One Postgres, for each of those who connect to it. */
export interface DatabaseUrls {
  /** For the ledger's servers. */
  readonly ledger: string;
  /** For the ledger's migrations. */
  readonly migration: string;
  /** For services that own a database, which they make. */
  readonly services: string;
}
