import 'reflect-metadata';
import type { Client } from 'pg';
import { DataSource, type Logger, type MigrationInterface } from 'typeorm';
import { destroyConnection, destroyWhenSpent } from './connection-end';
import { asSessionError, beginSession, type Session } from './session';

/** A class of migrations, as TypeORM takes them. */
export type Migration = new () => MigrationInterface;

/** How long a new connection may take. */
export const CONNECT_TIMEOUT_MS = 5_000;

const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

/** How long a connection is silent before the system asks the other side whether it is there. */
const KEEP_ALIVE_DELAY_MS = 10_000;

/** How one kind of work connects. */
export interface DataSourceSettings {
  readonly url: string;
  readonly applicationName: string;
  readonly poolSize: number;
  /** Settings of each connection's session, such as `statement_timeout`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Called with each new connection, before its first user gets it; one for which it throws is nobody's. */
  readonly onSession?: ((client: Client, session: Session) => void | Promise<void>) | undefined;
  /** All of them, oldest first; what was released is never edited. */
  readonly migrations: readonly Migration[];
  /** Where the tables are; Postgres's own default unless given. */
  readonly schema?: string;
  /** Options of pg's Client beyond these. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a TypeORM data source; it connects when it is initialised. A connection on which Postgres says that it stops, or
 * that it takes no writes, is destroyed and never handed out again.
 */
export function createDataSource(settings: DataSourceSettings): DataSource {
  const { url, applicationName, poolSize, migrations, schema, client } = settings;
  return new DataSource({
    type: 'postgres',
    url,
    ...(schema === undefined ? {} : { schema }),
    applicationName,
    poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    synchronize: false,
    logging: false,
    // Without one, a migration that fails is printed as well as thrown.
    logger: SILENT,
    installExtensions: false,
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    // A connection that fails while idle is simply replaced by the next one.
    poolErrorHandler: () => undefined,
    extra: {
      ...client,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      onConnect: (connection: Client) => prepare(connection, settings),
    },
  });
}

async function prepare(client: Client, settings: DataSourceSettings): Promise<void> {
  const { parameters, onSession } = settings;
  // On its way from the pool to its first user nobody else listens to a connection, and an error that nobody listens to
  // ends the process. Whoever uses it next is told anyway.
  client.on('error', () => undefined);
  destroyWhenSpent(client);
  // The pool's own limit ends with the log-in.
  const late = setTimeout(() => destroyConnection(client, 'it was not ready in time'), CONNECT_TIMEOUT_MS);
  try {
    const session = await beginSession(client, parameters);
    await onSession?.(client, session);
  } catch (error) {
    throw asSessionError(error);
  } finally {
    clearTimeout(late);
  }
}
