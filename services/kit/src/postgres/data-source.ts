import 'reflect-metadata';
import type { EventEmitter } from 'node:events';
import { DataSource, type MigrationInterface } from 'typeorm';

/** A class of migrations, as TypeORM takes them. */
export type Migration = new () => MigrationInterface;

/** How long a new connection may take. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** How one kind of work connects. */
export interface DataSourceSettings {
  readonly url: string;
  readonly applicationName: string;
  readonly poolSize: number;
  /** Server settings of each connection, such as `statement_timeout`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** All of them, oldest first; what was released is never edited. */
  readonly migrations: readonly Migration[];
  /** Where the tables are; Postgres's own default unless given. */
  readonly schema?: string;
  /** Options of pg's Client beyond these. */
  readonly client?: Readonly<Record<string, unknown>>;
}

/** Makes a TypeORM data source; it connects when it is initialised. */
export function createDataSource(settings: DataSourceSettings): DataSource {
  const { url, applicationName, poolSize, parameters, migrations, schema, client } = settings;
  return new DataSource({
    type: 'postgres',
    url,
    ...(schema === undefined ? {} : { schema }),
    applicationName,
    poolSize,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    synchronize: false,
    logging: false,
    installExtensions: false,
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    // A connection that fails while idle is simply replaced by the next one.
    poolErrorHandler: () => undefined,
    extra: {
      ...client,
      options: Object.entries(parameters)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
      keepAlive: true,
      // On its way from the pool to its first user nobody else listens to a connection, and an error that nobody
      // listens to ends the process. Whoever uses it next is told anyway.
      onConnect: (connection: EventEmitter) => {
        connection.on('error', () => undefined);
      },
    },
  });
}
