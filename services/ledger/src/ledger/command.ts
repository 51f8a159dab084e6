/** What every write has: who owns it, how it is recognised, and which write it is. */
export interface CommandBase {
  /** Name of its rpc. */
  readonly kind: string;
  /** The owning user, `@catalog` or `@batch`; request ids are unique within it. */
  readonly scope: string;
  readonly requestId: string;
  /**
   * The authenticated service that called; empty without authentication. It stands on the request and in the digest of
   * the transaction, and the content hash covers it: the same request id of another caller is another request.
   */
  readonly caller: string;
}

/** The scope of the catalog's requests. */
export const CATALOG_SCOPE = '@catalog';

/** The scope of atomic batches. */
export const BATCH_SCOPE = '@batch';

/** Where credits come from unless the caller names another account. */
export const ISSUANCE_ACCOUNT = '@issuance';

/** Where purchases go to unless the caller names another account. */
export const REVENUE_ACCOUNT = '@revenue';
