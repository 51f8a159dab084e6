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

export interface ClusterPlace {
  /** Real path of the data directory. */
  readonly dataDir: string;
  /** Real path that the cluster has or is going to have. */
  readonly directory: string;
  readonly exists: boolean;
  /** Whom Postgres runs as; undefined when that is ourselves. */
  readonly runAs: RunAs | undefined;
}

/** The cluster, or a link to it, in the data directory. */
const CLUSTER_NAME = 'postgres';
/** Names of files end at 255 bytes, the names of directories made beside this one included. */
const MAX_READABLE_NAME = 80;

/** Makes the data directory when it is missing. */
export async function openDataDirectory(path: string): Promise<string> {
  try {
    const made = await mkdir(path, { recursive: true });
    // As root the cluster's owner has to pass through it, whatever the umask is; it holds no secret itself.
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

/** Where the cluster is, or where it is to be made, and whom it belongs to. */
export async function findClusterPlace(dataDir: string, log: Log): Promise<ClusterPlace> {
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
  if (present?.exists) return placeOfExisting(dataDir, present.directory, log);

  const runAs = await findUnprivilegedUser();
  const directory = present?.directory ?? home;
  const closed = await findClosedDirectory(dirname(directory), runAs);
  if (closed === undefined) return { dataDir, directory, exists: false, runAs };
  if (directory !== home) throw unreachable(directory, closed, runAs);
  if (present) await rmdir(home);
  return placeElsewhere(dataDir, home, { runAs, closed, log });
}

/** Resolves the link, tells an empty directory (`exists: false`) from a cluster, and refuses everything else. */
async function inspect(path: string): Promise<{ directory: string; exists: boolean } | undefined> {
  const entry = await lstat(path).catch(() => undefined);
  if (!entry) return undefined;
  const directory = await realpath(path).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `${path} leads to a cluster that cannot be reached (${errorMessage(error)}). ` +
        'Bring it back, or remove the link to start with an empty ledger.',
      { cause: error },
    );
  });
  const names = await readdir(directory).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `The Postgres data in ${directory} cannot be read (${errorMessage(error)}). ` +
        'Start the server as the user that made it, or choose another data directory.',
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

async function placeOfExisting(dataDir: string, directory: string, log: Log): Promise<ClusterPlace> {
  const owner = await stat(directory);
  const runAs = owner.uid === 0 ? await findUnprivilegedUser() : await userOfOwner(owner.uid, owner.gid);
  const closed = await findClosedDirectory(dirname(directory), runAs);
  if (closed !== undefined) throw unreachable(directory, closed, runAs);
  if (owner.uid === 0) {
    log('the Postgres data belonged to root, as a restored copy does, and is given to an unprivileged user', {
      directory,
      user: runAs.name,
    });
    await giveTo(directory, runAs);
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

/** Keeps the cluster in a directory of root's that the user can reach, and leaves a link to it. */
async function placeElsewhere(dataDir: string, home: string, relocation: Relocation): Promise<ClusterPlace> {
  const { runAs, closed, log } = relocation;
  const directory = join(await findSystemDirectory(runAs), nameFor(dataDir));
  const present = await inspect(directory);
  // The link comes first: a cluster that nothing leads to would be found by nobody.
  await mkdir(directory, { mode: 0o700, recursive: true });
  await symlink(directory, home).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  await syncDirectory(dataDir);
  log(
    present?.exists
      ? 'the Postgres data of an earlier run was found and is used again; remove its directory for an empty ledger'
      : 'the Postgres data is kept outside the data directory, which holds a link to it',
    {
      directory,
      link: home,
      reason: `Postgres must not run as root, and ${closed} is closed to ${runAs.name}`,
    },
  );
  if (present?.exists) return placeOfExisting(dataDir, directory, log);
  return { dataDir, directory, exists: false, runAs };
}

/** The same data directory gets the same place, and two of the same name get two. */
function nameFor(dataDir: string): string {
  const readable = join(basename(dirname(dataDir)), basename(dataDir)).replaceAll(/[^\w-]+/g, '-');
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  return `${readable.replace(/^-+/, '').slice(-MAX_READABLE_NAME)}-${hash}`;
}

async function giveTo(path: string, user: RunAs): Promise<void> {
  await lchown(path, user.uid, user.gid);
  if (!(await lstat(path)).isDirectory()) return;
  for (const name of await readdir(path)) await giveTo(join(path, name), user);
}
