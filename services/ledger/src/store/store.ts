import type { QueryRunner } from 'typeorm';
import type { Placement } from '../ledger/placement';
import type { ReadKind } from './fair-gate';
import { connectionOf, type Connection } from './pg/connection';
import { allPools, openPools, type Pools, type StoreSettings } from './pools';

type Work<T> = (connection: Connection) => Promise<T>;

/**
 * The database: a pool for each kind of work, with the settings that it needs. No kind can take the connections of
 * another.
 */
export class Store {
  private constructor(private readonly pools: Pools) {}

  /**
   * Connects; the schema must be up to date.
   *
   * @throws SessionError, RoleError or SchemaError when the database cannot be used as it is; each says what to do
   */
  static async open(settings: StoreSettings): Promise<Store> {
    return new Store(await openPools(settings));
  }

  /** Which cell rows lie in. Every connection leads to all of them. */
  get placement(): Placement {
    return this.pools.placement;
  }

  /** A QueryRunner with a connection for batches. Its owner keeps it, and destroys the connection when it proves useless. */
  leaseWriter(): Promise<QueryRunner> {
    return this.pools.writers.lease();
  }

  /** Whether nothing has been heard since a writer's connection was made that makes it useless. */
  isCurrent(connection: Connection): boolean {
    return this.pools.writers.isCurrent(connection);
  }

  /** Closes a writer's connection for good: it did not answer, or nobody knows what it is still doing. */
  destroyWriter(connection: Connection): void {
    this.pools.writers.destroy(connection, 'its batch failed');
  }

  /** Lends a connection for the read of something by its key; see {@link ReadPool.read}. */
  read<T>(work: (connection: Connection) => Promise<T>, deadline = Infinity): Promise<T> {
    return this.pools.readers.read(work, deadline, 'point');
  }

  /** The same for another kind of reads. */
  reader(kind: ReadKind): <T>(work: Work<T>, deadline?: number) => Promise<T> {
    return (work, deadline = Infinity) => this.pools.readers.read(work, deadline, kind);
  }

  /** The same, for the balances of now. */
  readBalances<T>(work: (connection: Connection) => Promise<T>, deadline: number): Promise<T> {
    return this.pools.balances.read(work, deadline);
  }

  /** The same, for a verification. */
  readForVerification<T>(work: (connection: Connection) => Promise<T>, deadline = Infinity): Promise<T> {
    return this.pools.verification.read(work, deadline);
  }

  /** Resolves when the database takes writes. */
  ping(): Promise<void> {
    return this.pools.probe.check();
  }

  /** Lends a connection of the writers outside of any transaction, for small writes at start. */
  async write<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const runner = await this.pools.writers.lease();
    try {
      return await work(await connectionOf(runner));
    } finally {
      await runner.release();
    }
  }

  /** Closes all connections, after the statements that run on them. */
  async close(): Promise<void> {
    await Promise.all(allPools(this.pools).map((pool) => pool.close()));
  }
}
