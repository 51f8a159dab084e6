import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import type { Cluster } from './cluster';
import { closeClient, connectToCluster } from './connect-to-cluster';
import { Deadline, pollUntil } from './deadline';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import { endPostgres } from './end-postgres';
import type { Log } from './log';
import { OwnerLock } from './owner-lock';
import {
  disownPidFile,
  isPostmasterOf,
  readPostmasterPid,
  removeNamelessPidFile,
  type PostmasterPid,
} from './postmaster-pid';

/** A server that was just killed holds its lock until Postgres has noticed. */
const LOCK_WAIT_MS = 5_000;
const RETRY_INTERVAL_MS = 200;

export interface ClearingOptions {
  readonly deadline: Deadline;
  readonly stopTimeoutMs: number;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Makes the cluster free for a postmaster of our own: one whose server was killed is stopped, and one whose server
 * lives is an error. A postmaster that is gone leaves nothing to do, Postgres itself replaces its file.
 */
export async function clearTheWay(cluster: Cluster, options: ClearingOptions): Promise<void> {
  const named = await readPostmasterPid(cluster.directory);
  if (!named) return removeNamelessPidFile(cluster.directory);
  if (await isPostmasterOf(cluster.directory, named.pid)) return takeOver(cluster, named, options);
  await disownPidFile(cluster.directory, named);
}

/** Whom the owner lock of a running postmaster shows to be in charge of it. */
export function alreadyInUse(cluster: Cluster, pid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The data directory ${cluster.place.dataDir} is already in use by another server, whose Postgres has pid ${pid}. ` +
      'Stop that server, or give this one a data directory of its own.',
  );
}

async function takeOver(cluster: Cluster, named: PostmasterPid, options: ClearingOptions): Promise<void> {
  const { pid } = named;
  const { log, stopTimeoutMs } = options;
  const runs = (): Promise<boolean> => isPostmasterOf(cluster.directory, pid);
  const lock = await lockUnlessGone(cluster, named, { ...options, runs });
  if (!lock) return;
  try {
    log('Postgres still runs for a server that is gone; it is stopped and started anew', { pid });
    await endPostgres({
      pid,
      stopTimeoutMs,
      log,
      // Asked again right before each signal: the pid may be somebody else's by now.
      signal: async (name) => {
        if (await runs()) signalOrIgnore(pid, name);
      },
      endsWithin: (limitMs) => pollUntil(async () => !(await runs()), limitMs),
    });
  } finally {
    await lock.release();
  }
}

/** The lock of the running postmaster; undefined when that ended meanwhile. */
async function lockUnlessGone(
  cluster: Cluster,
  named: PostmasterPid,
  options: ClearingOptions & { runs: () => Promise<boolean> },
): Promise<OwnerLock | undefined> {
  let lockDeadline: Deadline | undefined;
  let failure = 'it names no port';
  while (await options.runs()) {
    let client: Client | undefined;
    try {
      client = await connectToCluster(cluster, named.port);
      const lock = await OwnerLock.take(client);
      if (lock) return lock;
      // Only an answer starts this clock: a postmaster that recovers or shuts down shows no owner yet.
      lockDeadline ??= new Deadline(LOCK_WAIT_MS);
    } catch (error) {
      failure = errorMessage(error);
    }
    if (client) await closeClient(client);
    if (lockDeadline?.passed) throw alreadyInUse(cluster, named.pid);
    if (options.deadline.passed) {
      throw new EmbeddedPostgresError(
        `A Postgres (pid ${named.pid}) runs on ${cluster.directory} and cannot be asked whom it belongs to ` +
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
    // It ended in the meantime.
  }
}
