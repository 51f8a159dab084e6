import { realpath } from 'node:fs/promises';
import { Client } from 'pg';
import { CLUSTER_USER, type Cluster } from './cluster';
import { settlesWithin } from './deadline';

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** Always there, also when the ledger's own database is not. */
const MAINTENANCE_DATABASE = 'postgres';

/** Connects to the Postgres that runs on this very cluster; another one that answers at the port is a failure. */
export async function connectToCluster(cluster: Cluster, port: number): Promise<Client> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: CLUSTER_USER,
    password: cluster.password,
    database: MAINTENANCE_DATABASE,
    // All named, because what is not named comes from the PG… variables of the environment.
    ssl: false,
    application_name: 'ledger-owner',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  // The end of the connection is noticed by its 'end' event; an 'error' without a listener would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const answer = await client.query<{ directory: string }>(
      `SELECT current_setting('data_directory') AS directory`,
    );
    const directory = answer.rows[0]?.directory ?? '';
    if ((await realpath(directory)) !== cluster.directory) {
      throw new Error(`port ${port} is answered by the Postgres of ${directory}`);
    }
    return client;
  } catch (error) {
    await closeClient(client);
    throw error;
  }
}

/** Never fails, and never waits long for a Postgres that does not answer. */
export async function closeClient(client: Client): Promise<void> {
  await settlesWithin(client.end(), CLOSE_TIMEOUT_MS);
}
