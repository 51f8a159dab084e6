import type { DataSource, QueryRunner } from 'typeorm';
import { asConnectionError } from '@ledger/kit/postgres/sql-state';
import { createLedgerSource, readerParameters, writerParameters } from './data-source';
import { execute, query, type Connection } from './pg/connection';

/** How the ledger uses its database. */
export interface StoreSettings {
  readonly url: string;
  /** Connections for batches: one per batch worker. */
  readonly writers: number;
  /** Connections for reads. */
  readonly readers: number;
  /** The longest that one statement of a batch may take. */
  readonly batchTimeoutMs: number;
  /** The longest that a read may take when its caller gives no shorter deadline. */
  readonly readTimeoutMs: number;
}

/** How much longer than the server's own limit a client waits before it gives up a silent connection. */
const SILENT_CONNECTION_MS = 5_000;

/** Deadlines count in steps of this: callers with similar deadlines then need no statement to set the limit. */
const TIMEOUT_STEP_MS = 100;

/** Differs from every real limit. */
const UNKNOWN_TIMEOUT = -1;

const pingStatement = { name: 'ping', text: 'SELECT 1' };
const setTimeoutStatement = {
  name: 'set_timeout',
  text: `SELECT set_config('statement_timeout', $1, false)`,
};

/** The database: one pool for batches and one for reads, each with the settings that its work needs. */
export class Store {
  /** The statement timeout that was last set on each read connection. */
  private readonly timeouts = new WeakMap<Connection, number>();

  private constructor(
    private readonly writers: DataSource,
    private readonly readers: DataSource,
    private readonly readTimeoutMs: number,
  ) {}

  /** Connects; the schema must be up to date. */
  static async open(settings: StoreSettings): Promise<Store> {
    const writers = createLedgerSource({
      url: settings.url,
      applicationName: 'ledger-writer',
      poolSize: settings.writers,
      parameters: writerParameters(settings.batchTimeoutMs),
      pipeline: true,
      queryTimeoutMs: settings.batchTimeoutMs + SILENT_CONNECTION_MS,
    });
    const readers = createLedgerSource({
      url: settings.url,
      applicationName: 'ledger-reader',
      poolSize: settings.readers,
      parameters: readerParameters(settings.readTimeoutMs),
      pipeline: true,
      queryTimeoutMs: settings.readTimeoutMs + SILENT_CONNECTION_MS,
    });
    await writers.initialize();
    try {
      await readers.initialize();
    } catch (error) {
      await writers.destroy();
      throw error;
    }
    return new Store(writers, readers, settings.readTimeoutMs);
  }

  /** A QueryRunner for batches. Its owner keeps it, and releases it when its connection breaks. */
  createWriter(): QueryRunner {
    return this.writers.createQueryRunner();
  }

  /**
   * Lends a connection for reads outside of any transaction: each statement is one snapshot, and takes no longer
   * than the deadline (milliseconds since 1970), to the next tenth of a second.
   */
  async read<T>(work: (connection: Connection) => Promise<T>, deadline = Infinity): Promise<T> {
    const runner = this.readers.createQueryRunner();
    try {
      const connection = await connectionOf(runner);
      this.limit(connection, deadline);
      return await work(connection);
    } finally {
      await runner.release();
    }
  }

  /** Resolves when the database answers. */
  async ping(): Promise<void> {
    await this.read((connection) => query(connection, pingStatement, []));
  }

  /** Lends a connection of the writers outside of any transaction, for small writes at start. */
  async write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const runner = this.createWriter();
    try {
      return await work(await connectionOf(runner));
    } finally {
      await runner.release();
    }
  }

  private limit(connection: Connection, deadline: number): void {
    const left = Math.ceil((deadline - Date.now()) / TIMEOUT_STEP_MS) * TIMEOUT_STEP_MS;
    const timeoutMs = Math.max(TIMEOUT_STEP_MS, Math.min(this.readTimeoutMs, left));
    if ((this.timeouts.get(connection) ?? this.readTimeoutMs) === timeoutMs) return;
    this.timeouts.set(connection, timeoutMs);
    // Sent ahead of the read and not waited for. When it fails the limit is unknown, so the next read sets it again.
    execute(connection, setTimeoutStatement, [timeoutMs.toString()]).catch(() =>
      this.timeouts.set(connection, UNKNOWN_TIMEOUT),
    );
  }

  /** Closes all connections, after the statements that run on them. */
  async close(): Promise<void> {
    await Promise.all([this.writers.destroy(), this.readers.destroy()]);
  }
}

/** The pg client under a runner: prepared statements and pipelining are not in TypeORM's own surface. */
export async function connectionOf(runner: QueryRunner): Promise<Connection> {
  try {
    return (await runner.connect()) as Connection;
  } catch (error) {
    throw asConnectionError(error);
  }
}
