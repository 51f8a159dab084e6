import { constants } from 'node:fs';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries';
import type { ClusterLocation } from './cluster-location';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import { findSocketDirectory } from './socket-directory';

/** A cluster on disk that fits the binaries, with everything needed to start it. */
export interface Cluster {
  /** Real path. Postgres is started with it, and a running Postgres is recognised by it. */
  readonly directory: string;
  readonly location: ClusterLocation;
  readonly binaries: Binaries;
  readonly password: string;
  readonly logFile: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The private folder of its Unix socket; null: it listens on a port of 127.0.0.1. */
  readonly socketDirectory: string | null;
}

/** The superuser that initdb creates. It makes the roles of servers. */
export const CLUSTER_USER = 'ledger';

/** Lies inside the cluster, which only its owner can read, so that backups and moves include it. */
export const PASSWORD_FILE = 'ledger.password';

/** Files that every cluster has. A damaged cluster, or a directory of another program, lacks some of them. */
const ESSENTIAL_FILES = ['PG_VERSION', 'global/pg_control', 'pg_hba.conf', 'postgresql.conf'];

/** How a cluster is run. */
export interface ClusterOptions {
  readonly settings?: Readonly<Record<string, string>>;
  readonly tcp?: boolean;
}

/**
 * Opens the cluster at a location. Changes nothing.
 *
 * @throws EmbeddedPostgresError when it is damaged, of another major version, or not readable
 */
export async function openCluster(
  location: ClusterLocation,
  binaries: Binaries,
  { settings = {}, tcp = false }: ClusterOptions,
): Promise<Cluster> {
  const { directory } = location;
  await checkReadable(directory);
  for (const file of ESSENTIAL_FILES) {
    if (await isReadable(join(directory, file))) continue;
    throw new EmbeddedPostgresError(
      `${directory} is not a complete Postgres cluster: ${file} is missing. Restore it from a backup, ` +
        'or move it away to start with an empty database.',
    );
  }
  const majorVersion = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  if (majorVersion !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      `${directory} holds the data of Postgres ${majorVersion}, and the embedded one is ${binaries.majorVersion}, ` +
        `which cannot read it. Run a Postgres ${majorVersion} on it and set DATABASE_URL, carry the data over with ` +
        'pg_dump, or move the directory away to start with an empty database.',
    );
  }
  return {
    directory,
    location,
    binaries,
    password: await readPassword(directory),
    logFile: join(location.dataDir, 'postgres.log'),
    settings,
    socketDirectory: tcp ? null : await findSocketDirectory(location),
  };
}

async function checkReadable(directory: string): Promise<void> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The Postgres data in ${directory} belongs to another user (${errorMessage(error)}). ` +
        'Start the server as the user that created it, or choose another data directory.',
      { cause: error },
    );
  }
}

async function isReadable(path: string): Promise<boolean> {
  return access(path, constants.R_OK).then(
    () => true,
    () => false,
  );
}

async function readPassword(directory: string): Promise<string> {
  const path = join(directory, PASSWORD_FILE);
  try {
    // When we are root, an unprivileged user owns this directory: O_NOFOLLOW keeps its links from leading us away.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return (await file.readFile('utf8')).trim();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The password of the cluster cannot be read from ${path} (${errorMessage(error)}). ` +
        'Restore the file from a backup, or run a Postgres of your own on this cluster and set DATABASE_URL.',
      { cause: error },
    );
  }
}
