import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Cluster } from './cluster';
import { closeClient, connectToCluster } from './connect-to-cluster';
import { Deadline, pollUntil } from './deadline';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import { stopPostgres } from './stop-postgres';
import type { Log } from './log';
import { OwnerLock } from './owner-lock';
import {
  disownPidFile,
  isPostmasterOf,
  readPostmasterPid,
  removeNamelessPidFile,
  type PostmasterPid,
} from './postmaster-pid';

/** Postgres holds the lock of a killed server until it notices that the connection is gone. */
const LOCK_WAIT_MS = 5_000;
const RETRY_INTERVAL_MS = 200;

/** Limits and log for stopping an orphan. */
export interface StopOrphanOptions {
  readonly deadline: Deadline;
  readonly stopTimeoutMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Stops the orphan of a killed server, if one runs on the cluster, so that we can start a postmaster of our own. The
 * pid file of a postmaster that is gone needs no action: Postgres replaces it.
 *
 * @throws EmbeddedPostgresError when the postmaster belongs to a live server
 */
export async function stopOrphan(cluster: Cluster, options: StopOrphanOptions): Promise<void> {
  const named = await readPostmasterPid(cluster.directory);
  if (!named) return removeNamelessPidFile(cluster.directory);
  if (await isPostmasterOf(cluster.directory, named.pid)) return stopUnlessOwned(cluster, named, options);
  await disownPidFile(cluster.directory, named);
}

/** The error for a cluster whose owner lock is held by another server. */
export function alreadyInUse(cluster: Cluster, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The data directory ${cluster.location.dataDir} is already in use by another server, whose Postgres has pid ${pid}. ` +
      'Stop that server, or give this one a data directory of its own.',
  );
}

async function stopUnlessOwned(
  cluster: Cluster,
  named: PostmasterPid,
  options: StopOrphanOptions,
): Promise<void> {
  const { pid } = named;
  const { log, stopTimeoutMs } = options;
  const runs = (): Promise<boolean> => isPostmasterOf(cluster.directory, pid);
  const lock = await takeLockUnlessExited(cluster, named, { ...options, runs });
  if (!lock) return;
  try {
    log('Postgres still runs although its server is gone; it is stopped and started again', { pid });
    await stopPostgres({
      pid,
      stopTimeoutMs,
      log,
      // Checked again before each signal: another process may have the pid by now.
      signal: async (name) => {
        if (await runs()) signalOrIgnore(pid, name);
      },
      endsWithin: (limitMs) => pollUntil(async () => !(await runs()), limitMs),
    });
  } finally {
    await lock.release();
  }
}

/** Takes the owner lock of the running postmaster; undefined when the postmaster exits meanwhile. */
async function takeLockUnlessExited(
  cluster: Cluster,
  named: PostmasterPid,
  options: StopOrphanOptions & { runs: () => Promise<boolean> },
): Promise<OwnerLock | undefined> {
  let lockDeadline: Deadline | undefined;
  let failure = 'it names no port';
  while (await options.runs()) {
    let client: Client | undefined;
    try {
      client = await connectToCluster(cluster, named.port, named.host);
      const lock = await OwnerLock.take(client);
      if (lock) return lock;
      // Starts at the first reply: a postmaster in recovery or shutdown cannot say yet whether it has an owner.
      lockDeadline ??= new Deadline(LOCK_WAIT_MS);
    } catch (error) {
      failure = errorMessage(error);
    }
    if (client) await closeClient(client);
    if (lockDeadline?.passed) throw alreadyInUse(cluster, named.pid);
    if (options.deadline.passed) {
      throw new EmbeddedPostgresError(
        `A Postgres (pid ${named.pid}) runs on ${cluster.directory} and does not say which server it belongs to ` +
          `(${failure}). Stop it with kill -INT ${named.pid} when no server uses it, and start again.`,
      );
    }
    await delay(RETRY_INTERVAL_MS, undefined, { signal: options.signal });
  }
  return undefined;
}

function signalOrIgnore(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It exited in the meantime.
  }
}
