import type { Client } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { destroyConnection } from './connection-end';
import { createDataSource, type DataSourceSettings } from './data-source';
import { checkSession, type Session } from './session';
import { within } from './within';

/** How long the last statements may take when a pool is closed. */
const CLOSE_LIMIT_MS = 10_000;

interface OpenSession extends Session {
  readonly client: Client;
  /** Of the pool when it was made. */
  readonly generation: number;
}

/** A data source that knows its connections: those of an earlier server can be told from those of the present one. */
export class ConnectionPool {
  /** Of every connection that is open. */
  private readonly sessions = new Map<object, OpenSession>();
  private generation = 0;
  private readonly source: DataSource;

  private constructor(settings: DataSourceSettings) {
    this.source = createDataSource({
      ...settings,
      onSession: async (client, session) => {
        const { generation } = this;
        await settings.onSession?.(client, session);
        this.sessions.set(client, { ...session, client, generation });
        client.once('end', () => this.sessions.delete(client));
      },
    });
  }

  /** Makes a pool and its first connection. */
  static async open(settings: DataSourceSettings): Promise<ConnectionPool> {
    const pool = new ConnectionPool(settings);
    await pool.source.initialize();
    return pool;
  }

  /** A QueryRunner that takes a connection when it is first used; its owner gives it back by `release`. */
  createRunner(): QueryRunner {
    return this.source.createQueryRunner();
  }

  /** A QueryRunner with a connection, none of those that {@link renew} has set aside. */
  async lease(): Promise<QueryRunner> {
    for (;;) {
      const runner = this.createRunner();
      const client = (await runner.connect()) as Client;
      if (this.isCurrent(client)) return runner;
      destroyConnection(client, 'the server may have moved');
    }
  }

  /**
   * Lends a connection for some work. One that has not done it a moment after `end` (milliseconds since 1970) is destroyed,
   * and so ends the work.
   */
  async lend<T>(work: (connection: Client) => Promise<T>, end: number): Promise<T> {
    const leased = this.lease();
    const runner = await within(leased, end, () => {
      // It is of use to the next one, if it is made after all.
      leased.then((late) => late.release()).catch(() => undefined);
    });
    try {
      const connection = (await runner.connect()) as Client;
      return await within(work(connection), end, () => this.destroy(connection, 'it did not answer'));
    } finally {
      await runner.release();
    }
  }

  /** Whether nothing has been heard since the connection was made that makes it useless. */
  isCurrent(client: object): boolean {
    return this.sessions.get(client)?.generation === this.generation;
  }

  /** Closes a connection at once, without waiting for an answer; whoever waits for one gets an error. */
  destroy(connection: object, why: string): void {
    const session = this.sessions.get(connection);
    if (session !== undefined) destroyConnection(session.client, why);
  }

  /** The database has been away, or another server has taken over: what was connected before may lead nowhere. */
  renew(): void {
    this.generation += 1;
  }

  /**
   * Checks that a connection of the pool is still the session that it was when it was made.
   *
   * @throws SessionError when it is another one
   */
  async checkSession(): Promise<void> {
    const runner = await this.lease();
    try {
      const client = (await runner.connect()) as Client;
      const session = this.sessions.get(client);
      if (session !== undefined) await checkSession(client, session);
    } finally {
      await runner.release();
    }
  }

  /** Closes all connections, after the statements that run on them, or without them when they do not end in time. */
  async close(): Promise<void> {
    const late = setTimeout(() => {
      for (const { client } of this.sessions.values()) destroyConnection(client, 'its pool was closed');
    }, CLOSE_LIMIT_MS);
    await this.source.destroy();
    clearTimeout(late);
  }
}
