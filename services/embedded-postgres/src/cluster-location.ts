import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  chmod,
  lchown,
  lstat,
  mkdir,
  readdir,
  realpath,
  rmdir,
  stat,
  symlink,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EmbeddedPostgresError, errorCode, errorMessage } from './embedded-postgres-error';
import type { Log } from './log';
import { findClosedDirectory, findUnprivilegedUser, isRoot, userOfOwner, type RunAs } from './run-as';
import { syncDirectory } from './staging';
import { findSystemDirectory } from './system-directory';

/** Where a cluster is or will be, and which user it belongs to. */
export interface ClusterLocation {
  /** Real path of the data directory. */
  readonly dataDir: string;
  /** Real path of the cluster, whether it exists already or will be created. */
  readonly directory: string;
  /** Whether the cluster exists already. */
  readonly exists: boolean;
  /** The user that Postgres runs as; undefined means the current user. */
  readonly runAs: RunAs | undefined;
}

/** The name, in the data directory, of the cluster or of a link to it. */
const CLUSTER_NAME = 'postgres';
/** File names are limited to 255 bytes, and staging directories append to this name. */
const MAX_READABLE_NAME = 80;

/**
 * Opens the data directory, and creates it when it is missing.
 *
 * @returns its real path
 * @throws EmbeddedPostgresError when it cannot be written
 */
export async function openDataDirectory(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true });
    // When we are root, the user that Postgres runs as must be able to enter it. It holds no secret itself.
    if (made !== undefined && isRoot()) await chmod(path, 0o755);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(path);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The data directory ${resolve(path)} cannot be written to (${errorMessage(error)}). ` +
        'Choose one that this user owns, or set DATABASE_URL to a Postgres of your own.',
      { cause: error },
    );
  }
}

/** Finds where the cluster is or will be created, and which user it belongs to. */
export async function findClusterLocation(dataDir: string, log: Log): Promise<ClusterLocation> {
  const home = join(dataDir, CLUSTER_NAME);
  const present = await inspect(home);
  if (!isRoot()) {
    return {
      dataDir,
      directory: present?.directory ?? home,
      exists: present?.exists ?? false,
      runAs: undefined,
    };
  }
  if (present?.exists) return locateExisting(dataDir, present.directory, log);

  const runAs = await findUnprivilegedUser();
  const directory = present?.directory ?? home;
  const closed = await findClosedDirectory(dirname(directory), runAs);
  if (closed === undefined) return { dataDir, directory, exists: false, runAs };
  if (directory !== home) throw unreachable(directory, closed, runAs);
  if (present) await rmdir(home);
  return locateInSystemDirectory(dataDir, home, { runAs, closed, log });
}

/** Resolves the link and tells an empty directory (`exists: false`) from a cluster. Throws for anything else. */
async function inspect(path: string): Promise<{ directory: string; exists: boolean } | undefined> {
  const entry = await lstat(path).catch(() => undefined);
  if (!entry) return undefined;
  const directory = await realpath(path).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `${path} leads to a cluster that cannot be reached (${errorMessage(error)}). ` +
        'Bring it back, or remove the link to start with an empty database.',
      { cause: error },
    );
  });
  const names = await readdir(directory).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `The Postgres data in ${directory} cannot be read (${errorMessage(error)}). ` +
        'Start the server as the user that created it, or choose another data directory.',
      { cause: error },
    );
  });
  if (names.length > 0 && !names.includes('PG_VERSION')) {
    throw new EmbeddedPostgresError(
      `${directory} is not empty and not a Postgres cluster (it has no PG_VERSION). ` +
        'Move it away, or choose another data directory.',
    );
  }
  return { directory, exists: names.length > 0 };
}

async function locateExisting(dataDir: string, directory: string, log: Log): Promise<ClusterLocation> {
  const owner = await stat(directory);
  const runAs = owner.uid === 0 ? await findUnprivilegedUser() : await userOfOwner(owner.uid, owner.gid);
  const closed = await findClosedDirectory(dirname(directory), runAs);
  if (closed !== undefined) throw unreachable(directory, closed, runAs);
  if (owner.uid === 0) {
    log(
      'the Postgres data belonged to root, as a restored copy does, and now belongs to an unprivileged user',
      {
        directory,
        user: runAs.name,
      },
    );
    await changeOwner(directory, runAs);
    await chmod(directory, 0o700);
  }
  return { dataDir, directory, exists: true, runAs };
}

function unreachable(directory: string, closed: string, runAs: RunAs): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `Started as root, Postgres must run as ${runAs.name}, who cannot pass ${closed} to reach ${directory}. ` +
      `Open it (chmod o+x ${closed}), or move the cluster to another place and leave a link to it.`,
  );
}

interface Relocation {
  readonly runAs: RunAs;
  readonly closed: string;
  readonly log: Log;
}

/** Places the cluster in a directory of root that the user can reach, and leaves a link to it. */
async function locateInSystemDirectory(
  dataDir: string,
  home: string,
  relocation: Relocation,
): Promise<ClusterLocation> {
  const { runAs, closed, log } = relocation;
  const directory = join(await findSystemDirectory(runAs), nameFor(dataDir));
  const present = await inspect(directory);
  // The link is created first, so that there is never a cluster without a link to it.
  await mkdir(directory, { mode: 0o700, recursive: true });
  await symlink(directory, home).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  await syncDirectory(dataDir);
  log(
    present?.exists
      ? 'the Postgres data of an earlier run was found and is used again; remove its directory to start with an empty database'
      : 'the Postgres data is kept outside the data directory, which holds a link to it',
    {
      directory,
      link: home,
      reason: `Postgres must not run as root, and ${closed} is closed to ${runAs.name}`,
    },
  );
  if (present?.exists) return locateExisting(dataDir, directory, log);
  return { dataDir, directory, exists: false, runAs };
}

/** A name that is unique for the data directory, even among data directories of the same name. */
function nameFor(dataDir: string): string {
  const readable = join(basename(dirname(dataDir)), basename(dataDir)).replaceAll(/[^\w-]+/g, '-');
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return `${readable.replace(/^-+/, '').slice(-MAX_READABLE_NAME)}-${hash}`;
}

async function changeOwner(path: string, user: RunAs): Promise<void> {
  await lchown(path, user.uid, user.gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const name of await readdir(path)) await changeOwner(join(path, name), user);
}
