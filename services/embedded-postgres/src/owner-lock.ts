import type { Client } from 'pg';
import { closeClient } from './connect-to-cluster';

/** Arbitrary numbers that must never change: servers of different releases must exclude each other. */
const LOCK_KEYS = [1_818_584_167, 1];

/**
 * A connection with a session advisory lock, which a server holds while it uses the cluster. Postgres releases the lock
 * when the connection ends, also when the server is killed. So the lock tells a postmaster in use from an orphan.
 */
export class OwnerLock {
  /** Resolves when the connection has ended. Never rejects. */
  readonly lost: Promise<void>;
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
    this.lost = new Promise((resolve) => client.once('end', () => resolve()));
  }

  /**
   * Takes the lock on this connection, which then belongs to the lock.
   *
   * @returns undefined when another connection holds the lock. The connection then still belongs to the caller.
   */
  static async take(client: Client): Promise<OwnerLock | undefined> {
    const lock = new OwnerLock(client);
    const answer = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1::int4, $2::int4) AS taken',
      LOCK_KEYS,
    );
    return answer.rows[0]?.taken === true ? lock : undefined;
  }

  async release(): Promise<void> {
    await closeClient(this.#client);
  }
}
