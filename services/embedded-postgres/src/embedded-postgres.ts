import { prepareBinaries } from './binaries';
import { bringUp } from './bring-up';
import { openCluster, type Cluster } from './cluster';
import { findClusterPlace, openDataDirectory } from './cluster-place';
import { createCluster } from './create-cluster';
import { Deadline } from './deadline';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import type { Log } from './log';
import { SupervisedPostgres } from './supervised-postgres';

export { EmbeddedPostgresError };

/** Long enough to recover a gigabyte of WAL from a slow disk. */
const DEFAULT_START_TIMEOUT_MS = 60_000;
const DEFAULT_STOP_TIMEOUT_MS = 15_000;

export interface EmbeddedPostgresOptions {
  /** Made when it is missing. The cluster lives in `postgres` inside it, the log of Postgres in `postgres.log`. */
  readonly dataDir: string;
  /** Gets neither the URL nor the password. */
  readonly log: Log;
  /** The limit of a start, initdb and crash recovery included, and of each restart. */
  readonly startTimeoutMs?: number;
  /** How long a fast shutdown may take before it becomes an immediate one. */
  readonly stopTimeoutMs?: number;
  /** Settings of Postgres, by name. Those that keep answered writes on disk and strangers out cannot be changed. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The folder with `initdb` and `postgres` of an installed Postgres to use; the one that comes along otherwise. */
  readonly binDir?: string | undefined;
}

export interface EmbeddedPostgres {
  /** Names the database `ledger`, holds the password, and stays valid through restarts of Postgres. */
  readonly url: string;
  /** Real path. */
  readonly dataDir: string;
  /** Of the postmaster; changes when Postgres had to be restarted. */
  readonly pid: number;
  /** Fast shutdown, bounded; returns when Postgres is gone. */
  stop(): Promise<void>;
}

/**
 * Starts a Postgres of our own on the data directory, which is initialised once and keeps its data. It is restarted
 * on the same port when it dies, and one that a killed server left behind is stopped first.
 *
 * @throws EmbeddedPostgresError with what to do, whatever the failure is.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, startTimeoutMs = DEFAULT_START_TIMEOUT_MS, stopTimeoutMs = DEFAULT_STOP_TIMEOUT_MS } = options;
  const deadline = new Deadline(startTimeoutMs);
  try {
    const cluster = await prepareCluster(options, deadline);
    const { signal } = new AbortController();
    const running = await bringUp(cluster, { deadline, stopTimeoutMs, log, signal });
    log('the embedded Postgres is ready', {
      pid: running.postmaster.pid,
      port: running.port,
      directory: cluster.directory,
    });
    return new SupervisedPostgres(cluster, running, { startTimeoutMs, stopTimeoutMs, log });
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    throw new EmbeddedPostgresError(
      `The embedded Postgres in ${options.dataDir} cannot be started: ${errorMessage(error)}. ` +
        'Remove the cause, or set DATABASE_URL to a Postgres of your own.',
      { cause: error },
    );
  }
}

async function prepareCluster(options: EmbeddedPostgresOptions, deadline: Deadline): Promise<Cluster> {
  const { log, settings = {} } = options;
  const dataDir = await openDataDirectory(options.dataDir);
  const place = await findClusterPlace(dataDir, log);
  const binaries = await prepareBinaries(place.runAs, log, options.binDir);
  if (!place.exists) {
    log('a new Postgres cluster is made', { directory: place.directory, user: place.runAs?.name });
    await createCluster(place, binaries, deadline);
  }
  return openCluster(place, binaries, settings);
}
