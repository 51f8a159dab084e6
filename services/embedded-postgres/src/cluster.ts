import { constants } from 'node:fs';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Binaries } from './binaries';
import type { ClusterPlace } from './cluster-place';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';

/** A cluster that is on disk and fits the binaries, with what it takes to start it. */
export interface Cluster {
  /** Real path: Postgres is started with it, and recognised by it. */
  readonly directory: string;
  readonly place: ClusterPlace;
  readonly binaries: Binaries;
  readonly password: string;
  readonly logFile: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The superuser that initdb makes; the server connects as this one. */
export const CLUSTER_USER = 'ledger';

/** In the cluster itself, which only its owner can read, so that the two come and go together. */
export const PASSWORD_FILE = 'ledger.password';

/** What every cluster has, and what a damaged one or another program's directory lacks. */
const ESSENTIAL_FILES = ['PG_VERSION', 'global/pg_control', 'pg_hba.conf', 'postgresql.conf'];

/** Opens the place as a cluster, or says what is wrong with it. Nothing is changed. */
export async function openCluster(
  place: ClusterPlace,
  binaries: Binaries,
  settings: Readonly<Record<string, string>>,
): Promise<Cluster> {
  const { directory } = place;
  await checkReadable(directory);
  for (const file of ESSENTIAL_FILES) {
    if (await isReadable(join(directory, file))) continue;
    throw new EmbeddedPostgresError(
      `${directory} is not a whole Postgres cluster: ${file} is missing. Restore it from a backup, ` +
        'or move it away to start with an empty ledger.',
    );
  }
  const majorVersion = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  if (majorVersion !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      `${directory} holds the data of Postgres ${majorVersion}, and the embedded one is ${binaries.majorVersion}, ` +
        `which cannot read it. Run a Postgres ${majorVersion} on it and set DATABASE_URL, carry the data over with ` +
        'pg_dump, or move the directory away to start with an empty ledger.',
    );
  }
  return {
    directory,
    place,
    binaries,
    password: await readPassword(directory),
    logFile: join(place.dataDir, 'postgres.log'),
    settings,
  };
}

async function checkReadable(directory: string): Promise<void> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The Postgres data in ${directory} belongs to another user (${errorMessage(error)}). ` +
        'Start the server as the user that made it, or choose another data directory.',
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
    // As root we read in a directory that the unprivileged user owns: no link may lead us elsewhere.
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
