import type { Client } from 'pg';
import { closeClient } from './connect-to-cluster';

/** Any two numbers, the same for ever: servers of different releases must exclude each other. */
const LOCK_KEYS = [1_818_584_167, 1];

/**
 * One connection with a session advisory lock, which a server holds as long as it uses the cluster. Postgres drops it
 * with the connection, so it vanishes with a server that is killed, and tells a postmaster in use from an orphan.
 */
export class OwnerLock {
  /** Settles when the connection is gone; it never rejects. */
  readonly lost: Promise<void>;
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
    this.lost = new Promise((resolve) => client.once('end', () => resolve()));
  }

  /** Undefined when another connection holds it. The connection stays the caller's then, and becomes the lock's else. */
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
