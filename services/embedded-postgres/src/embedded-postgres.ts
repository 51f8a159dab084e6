import { prepareBinaries } from './binaries';
import { startPostgres } from './start-postgres';
import { openCluster, type Cluster } from './cluster';
import { findClusterLocation, openDataDirectory } from './cluster-location';
import { createCluster } from './create-cluster';
import { Deadline } from './deadline';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import type { Log } from './log';
import { SupervisedPostgres } from './supervised-postgres';

/** Long enough for crash recovery from a gigabyte of WAL on a slow disk. */
const DEFAULT_START_TIMEOUT_MS = 60_000;
const DEFAULT_STOP_TIMEOUT_MS = 15_000;

/** Where and how to run the embedded Postgres. */
export interface EmbeddedPostgresOptions {
  /** Created when it is missing. It contains the cluster in `postgres`, and the log of Postgres in `postgres.log`. */
  readonly dataDir: string;
  /** Never receives the URL or the password. */
  readonly log: Log;
  /** The time limit of the start, including initdb and crash recovery, and of each restart. */
  readonly startTimeoutMs?: number;
  /** How long a fast shutdown may take before an immediate shutdown follows. */
  readonly stopTimeoutMs?: number;
  /** Postgres settings by name. Those for durability and for network access cannot be changed. */
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Listens on a port of 127.0.0.1 in place of a Unix socket that nobody else can reach. Strangers on this machine can
   * then take connections up without any password. A system without such sockets always does.
   */
  readonly tcp?: boolean;
  /** The folder with `initdb` and `postgres` of an installed Postgres. The embedded binaries are used when omitted. */
  readonly binDir?: string | undefined;
}

/** A running Postgres. It is restarted when it dies, until `stop` is called. */
export interface EmbeddedPostgres {
  /** The URL of the database `ledger` for its superuser, with the password; see createLogin for others. It stays valid when Postgres is restarted. */
  readonly url: string;
  /** Real path. */
  readonly dataDir: string;
  /** The pid of the postmaster. It changes when Postgres is restarted. */
  readonly pid: number;
  /** Shuts Postgres down within a time limit. Resolves when it has exited. */
  stop(): Promise<void>;
}

/**
 * Starts a Postgres on the data directory. A new directory is initialised; an existing one keeps its data. A Postgres
 * that a killed server left running on it is stopped first. If Postgres dies later, it is restarted on the same port.
 *
 * @throws EmbeddedPostgresError for every failure; its message says what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { log, startTimeoutMs = DEFAULT_START_TIMEOUT_MS, stopTimeoutMs = DEFAULT_STOP_TIMEOUT_MS } = options;
  const deadline = new Deadline(startTimeoutMs);
  try {
    const cluster = await prepareCluster(options, deadline);
    const { signal } = new AbortController();
    const running = await startPostgres(cluster, { deadline, stopTimeoutMs, log, signal });
    log('the embedded Postgres is ready', {
      pid: running.postmaster.pid,
      directory: cluster.directory,
      socket: cluster.socketDirectory,
      port: running.port,
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
  const { log } = options;
  const dataDir = await openDataDirectory(options.dataDir);
  const location = await findClusterLocation(dataDir, log);
  const binaries = await prepareBinaries(location.runAs, log, options.binDir);
  if (!location.exists) {
    log('a new Postgres cluster is created', { directory: location.directory, user: location.runAs?.name });
    await createCluster(location, binaries, deadline);
  }
  return openCluster(location, binaries, options);
}
