import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { alreadyInUse, stopOrphan } from './stop-orphan';
import { CLUSTER_USER, PASSWORD_FILE, type Cluster } from './cluster';
import { closeClient, connectToCluster } from './connect-to-cluster';
import { settlesWithin, type Deadline } from './deadline';
import { EmbeddedPostgresError, errorCode, errorMessage } from './embedded-postgres-error';
import { findFreePort } from './free-port';
import type { Log } from './log';
import { OwnerLock } from './owner-lock';
import { Postmaster } from './postmaster';
import { SOCKET_NUMBER } from './socket-directory';

/** The database that is created for the server. */
export const DATABASE_NAME = 'ledger';

const READY_POLL_INTERVAL_MS = 50;
/** SQLSTATE invalid_password. */
const WRONG_PASSWORD = '28P01';
const LOST_PORT_NOTICE_MS = 3_000;
const FIRST_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 1_000;

export interface StartPostgresOptions {
  /** The port of the last run, for a restart. A free port is chosen when omitted. */
  readonly port?: number;
  readonly deadline: Deadline;
  readonly stopTimeoutMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A postmaster that accepts connections, and the lock that marks it as used by this server. */
export interface RunningPostgres {
  readonly postmaster: Postmaster;
  readonly port: number;
  lock: OwnerLock;
}

/**
 * Starts Postgres on the cluster and waits until it accepts connections. If it exits early, it is started again,
 * because the usual causes go away: another process took the port, or backends of a killed postmaster still hold the
 * shared memory.
 *
 * @throws EmbeddedPostgresError when the deadline has passed, or when a retry cannot help
 */
export async function startPostgres(
  cluster: Cluster,
  options: StartPostgresOptions,
): Promise<RunningPostgres> {
  const { deadline, signal, log } = options;
  let failure = 'it was not started';
  for (
    let retryDelayMs = FIRST_RETRY_DELAY_MS;
    ;
    retryDelayMs = Math.min(retryDelayMs * 2, MAX_RETRY_DELAY_MS)
  ) {
    await stopOrphan(cluster, options);
    if (deadline.passed) throw startTimedOut(cluster, deadline, failure);
    const port = options.port ?? (await choosePort(cluster));
    const postmaster = await Postmaster.start(cluster, port);
    try {
      const lock = await takeOwnership(cluster, postmaster, { ...options, port });
      return { postmaster, port, lock };
    } catch (error) {
      await postmaster.end(options.stopTimeoutMs, log);
      signal.throwIfAborted();
      if (error instanceof EmbeddedPostgresError) throw error;
      failure = `${errorMessage(error)}\n${await postmaster.readLog()}`;
    }
    log('Postgres did not start and is tried again', { port, failure });
    await delay(Math.min(retryDelayMs, deadline.remainingMs), undefined, { signal });
  }
}

/** A socket in a folder of its own needs no other number. */
async function choosePort({ socketDirectory }: Cluster): Promise<number> {
  return socketDirectory === null ? findFreePort() : SOCKET_NUMBER;
}

/** Waits until Postgres accepts connections, takes the owner lock, and creates the database if it is missing. */
async function takeOwnership(
  cluster: Cluster,
  postmaster: Postmaster,
  options: StartPostgresOptions & { port: number },
): Promise<OwnerLock> {
  const client = await waitUntilReady(cluster, postmaster, options);
  try {
    const lock = await OwnerLock.take(client);
    // Another server took our postmaster for an orphan before we had the lock.
    if (!lock) throw alreadyInUse(cluster, postmaster.pid);
    await createDatabase(client);
    return lock;
  } catch (error) {
    await closeClient(client);
    throw error;
  }
}

async function waitUntilReady(
  cluster: Cluster,
  postmaster: Postmaster,
  { port, deadline, signal }: StartPostgresOptions & { port: number },
): Promise<Client> {
  for (;;) {
    let failure: string;
    try {
      return await connectToCluster(cluster, port);
    } catch (error) {
      failure = errorMessage(error);
      const refused = errorCode(error) === WRONG_PASSWORD;
      // Another Postgres may have the port and refuse our password. Ours then exits by itself.
      if (refused && !(await settlesWithin(postmaster.exited, LOST_PORT_NOTICE_MS)))
        throw wrongPassword(cluster);
    }
    if (postmaster.hasExited) throw new Error(`Postgres exited at once (${await postmaster.exited})`);
    if (deadline.passed) {
      throw startTimedOut(cluster, deadline, `${failure}\n${await postmaster.readLog()}`);
    }
    signal.throwIfAborted();
    await delay(READY_POLL_INTERVAL_MS);
  }
}

async function createDatabase(client: Client): Promise<void> {
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE_NAME]);
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE_NAME}`);
}

function wrongPassword(cluster: Cluster): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Postgres on ${cluster.directory} refuses the password in its file ${PASSWORD_FILE}. ` +
      `Write the password of the user ${CLUSTER_USER} into it, if it was changed, or restore the file from a backup.`,
  );
}

function startTimedOut(cluster: Cluster, deadline: Deadline, failure: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Postgres on ${cluster.directory} did not answer within ${deadline.limitMs} ms: ${failure}\n` +
      `Its whole log is in ${cluster.logFile}. Remove the cause, or allow more time for the start.`,
  );
}
