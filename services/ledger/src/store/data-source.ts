import type { DataSourceSettings } from '@ledger/kit/postgres/data-source';
import { SCHEMA } from './cells';
import { migrations } from './migrations';

/** The role that has the rights of servers; see the migration that makes it. */
export const RUNTIME_ROLE = 'ledger_runtime';

/** How one kind of work connects. */
export interface LedgerSourceSettings extends Omit<DataSourceSettings, 'migrations' | 'schema' | 'client'> {
  /** Statements are sent without waiting for the answer to the one before. */
  readonly pipeline?: boolean;
  /** Gives up on a statement that has not been answered for so long, whatever the server says. */
  readonly queryTimeoutMs?: number;
}

/** The settings of a data source on the ledger's schema. */
export function ledgerSource({
  pipeline = false,
  queryTimeoutMs = 0,
  ...common
}: LedgerSourceSettings): DataSourceSettings {
  return {
    ...common,
    migrations,
    schema: SCHEMA,
    client: { pipeline, query_timeout: queryTimeoutMs },
  };
}

/** The role that a connection takes on; null: it works as its login. */
export function roleParameter(role: string | null): Record<string, string> {
  return role === null ? {} : { role };
}

/**
 * For connections that write batches. The plan settings matter, and what statements/fix-plans adds: a batch that joins its keys to a table that grew
 * since the last ANALYZE would get a hash join over the whole table (18,600 writes a second fell to 6,000), and a page
 * out of a bitmap is sorted whole, where the index has it in order.
 */
export function writerParameters(batchTimeoutMs: number): Record<string, string> {
  return {
    synchronous_commit: 'on',
    statement_timeout: batchTimeoutMs.toString(),
    ...INDEX_PLANS,
  };
}

/** For connections that read. */
export function readerParameters(readTimeoutMs: number): Record<string, string> {
  return {
    default_transaction_read_only: 'on',
    statement_timeout: readTimeoutMs.toString(),
    ...INDEX_PLANS,
  };
}

const INDEX_PLANS = {
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_bitmapscan: 'off',
  jit: 'off',
};
