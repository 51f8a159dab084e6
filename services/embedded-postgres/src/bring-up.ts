import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { alreadyInUse, clearTheWay } from './stop-orphan';
import { CLUSTER_USER, PASSWORD_FILE, type Cluster } from './cluster';
import { closeClient, connectToCluster } from './connect-to-cluster';
import { settlesWithin, type Deadline } from './deadline';
import { EmbeddedPostgresError, errorCode, errorMessage } from './embedded-postgres-error';
import { findFreePort } from './free-port';
import type { Log } from './log';
import { OwnerLock } from './owner-lock';
import { Postmaster } from './postmaster';

/** The database that the server's URL names. */
export const LEDGER_DATABASE = 'ledger';

const READY_POLL_INTERVAL_MS = 50;
/** SQLSTATE invalid_password. */
const WRONG_PASSWORD = '28P01';
const LOST_PORT_NOTICE_MS = 3_000;
const FIRST_RETRY_DELAY_MS = 100;
const MAX_RETRY_DELAY_MS = 1_000;

export interface BringUpOptions {
  /** A fixed port for a restart; else a free one is found. */
  readonly port?: number;
  readonly deadline: Deadline;
  readonly stopTimeoutMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A postmaster that answers, and the lock that makes it ours. */
export interface RunningPostgres {
  readonly postmaster: Postmaster;
  readonly port: number;
  lock: OwnerLock;
}

/**
 * Starts Postgres on the cluster until it answers. One that ends early is tried again, because the causes pass: the
 * port was taken meanwhile, or backends of a postmaster that was killed still hold the shared memory.
 */
export async function bringUp(cluster: Cluster, options: BringUpOptions): Promise<RunningPostgres> {
  const { deadline, signal, log } = options;
  let failure = 'it was not started';
  for (
    let retryDelayMs = FIRST_RETRY_DELAY_MS;
    ;
    retryDelayMs = Math.min(retryDelayMs * 2, MAX_RETRY_DELAY_MS)
  ) {
    await clearTheWay(cluster, options);
    if (deadline.passed) throw outOfTime(cluster, deadline, failure);
    const port = options.port ?? (await findFreePort());
    const postmaster = await Postmaster.start(cluster, port);
    try {
      const lock = await own(cluster, postmaster, { ...options, port });
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

/** Waits for the answer, takes the owner lock and makes sure of the database. */
async function own(
  cluster: Cluster,
  postmaster: Postmaster,
  options: BringUpOptions & { port: number },
): Promise<OwnerLock> {
  const client = await waitForAnswer(cluster, postmaster, options);
  try {
    const lock = await OwnerLock.take(client);
    // Another server took ours for an orphan, in the moment before we had the lock.
    if (!lock) throw alreadyInUse(cluster, postmaster.pid);
    await createLedgerDatabase(client);
    return lock;
  } catch (error) {
    await closeClient(client);
    throw error;
  }
}

async function waitForAnswer(
  cluster: Cluster,
  postmaster: Postmaster,
  { port, deadline, signal }: BringUpOptions & { port: number },
): Promise<Client> {
  for (;;) {
    let failure: string;
    try {
      return await connectToCluster(cluster, port);
    } catch (error) {
      failure = errorMessage(error);
      const refused = errorCode(error) === WRONG_PASSWORD;
      // A Postgres that lost the port to another one, whose answer this is, ends by itself.
      if (refused && !(await settlesWithin(postmaster.exited, LOST_PORT_NOTICE_MS)))
        throw wrongPassword(cluster);
    }
    if (postmaster.hasExited) throw new Error(`Postgres ended at once (${await postmaster.exited})`);
    if (deadline.passed) {
      throw outOfTime(cluster, deadline, `${failure}\n${await postmaster.readLog()}`);
    }
    signal.throwIfAborted();
    await delay(READY_POLL_INTERVAL_MS);
  }
}

async function createLedgerDatabase(client: Client): Promise<void> {
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [LEDGER_DATABASE]);
  if (found.rowCount === 0) await client.query(`CREATE DATABASE ${LEDGER_DATABASE}`);
}

function wrongPassword(cluster: Cluster): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Postgres on ${cluster.directory} refuses the password in its file ${PASSWORD_FILE}. ` +
      `Write the password of the user ${CLUSTER_USER} into it, if it was changed, or restore the file from a backup.`,
  );
}

function outOfTime(cluster: Cluster, deadline: Deadline, failure: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Postgres on ${cluster.directory} did not answer within ${deadline.limitMs} ms: ${failure}\n` +
      `Its whole log is in ${cluster.logFile}. Remove the cause, or allow more time for the start.`,
  );
}
