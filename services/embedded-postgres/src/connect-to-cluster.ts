import { realpath } from 'node:fs/promises';
import { Client } from 'pg';
import { CLUSTER_USER, type Cluster } from './cluster';
import { settlesWithin } from './deadline';

const CONNECT_TIMEOUT_MS = 3_000;
const QUERY_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 1_000;

/** Exists in every cluster, even before our own database does. */
const MAINTENANCE_DATABASE = 'postgres';

/**
 * Connects to the Postgres that runs on this cluster.
 *
 * @param host an address, or the folder of its socket
 * @throws Error when nothing answers at the port, or when the Postgres there runs on another cluster
 */
export async function connectToCluster(
  cluster: Cluster,
  port: number,
  host = hostOf(cluster),
): Promise<Client> {
  const client = new Client({
    host,
    port,
    user: CLUSTER_USER,
    password: cluster.password,
    database: MAINTENANCE_DATABASE,
    // Every setting is given, because pg would take omitted ones from the PG… environment variables.
    ssl: false,
    application_name: 'ledger-owner',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
  });
  // Callers listen to 'end'. Without a listener, an 'error' event would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const answer = await client.query<{ directory: string }>(
      `SELECT current_setting('data_directory') AS directory`,
    );
    const directory = answer.rows[0]?.directory ?? '';
    if ((await realpath(directory)) !== cluster.directory) {
      throw new Error(`port ${port} is used by the Postgres of ${directory}`);
    }
    return client;
  } catch (error) {
    await closeClient(client);
    throw error;
  }
}

/** Where a postmaster that we start on the cluster listens. */
export function hostOf({ socketDirectory }: Cluster): string {
  return socketDirectory ?? '127.0.0.1';
}

/** Closes a connection. Never rejects, and waits at most a second for a Postgres that does not respond. */
export async function closeClient(client: Client): Promise<void> {
  await settlesWithin(client.end(), CLOSE_TIMEOUT_MS);
}
