import 'reflect-metadata';
import type { EventEmitter } from 'node:events';
import { DataSource } from 'typeorm';
import { announceStatements, type Connection } from './pg/connection';
import { migrations } from './migrations';

/** The schema that holds everything of the ledger. */
export const SCHEMA = 'ledger';

/** The role that servers take on; see the migration that makes it. */
export const RUNTIME_ROLE = 'ledger_runtime';

/** How long a new connection may take. */
const CONNECT_TIMEOUT_MS = 5_000;

/** How one kind of work connects. */
export interface DataSourceSettings {
  readonly url: string;
  readonly applicationName: string;
  readonly poolSize: number;
  /** Server settings of each connection, such as `statement_timeout`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Statements are sent without waiting for the answer to the one before. */
  readonly pipeline?: boolean;
  /** Gives up on a connection that has not answered a statement for so long, whatever the server says. */
  readonly queryTimeoutMs?: number;
}

/** Makes a TypeORM data source; it connects when it is initialised. */
export function createDataSource(settings: DataSourceSettings): DataSource {
  return new DataSource({
    type: 'postgres',
    url: settings.url,
    schema: SCHEMA,
    applicationName: settings.applicationName,
    poolSize: settings.poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    synchronize: false,
    logging: false,
    installExtensions: false,
    migrations,
    migrationsTableName: 'migrations',
    // A connection that fails while idle is simply replaced by the next one.
    poolErrorHandler: () => undefined,
    extra: {
      options: Object.entries(settings.parameters)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
      pipeline: settings.pipeline ?? false,
      query_timeout: settings.queryTimeoutMs ?? 0,
      keepAlive: true,
      // On its way from the pool to its first user nobody else listens to a connection, and an error that nobody
      // listens to ends the process. Whoever uses it next is told anyway.
      onConnect: (client: Connection & EventEmitter) => {
        client.on('error', () => undefined);
        if (settings.pipeline) announceStatements(client);
      },
    },
  });
}

/**
 * For connections that write batches. The plan settings matter: a batch that joins its keys to a table that grew
 * since the last ANALYZE would get a hash join over the whole table (18,600 writes a second fell to 6,000), and a page
 * out of a bitmap is sorted whole, where the index has it in order.
 */
export function writerParameters(batchTimeoutMs: number): Record<string, string> {
  return {
    role: RUNTIME_ROLE,
    synchronous_commit: 'on',
    statement_timeout: batchTimeoutMs.toString(),
    idle_in_transaction_session_timeout: batchTimeoutMs.toString(),
    ...INDEX_PLANS,
  };
}

/** For connections that read. */
export function readerParameters(readTimeoutMs: number): Record<string, string> {
  return {
    role: RUNTIME_ROLE,
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
  plan_cache_mode: 'force_generic_plan',
  jit: 'off',
};
