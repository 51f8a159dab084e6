import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import { findClosedDirectory, type RunAs } from './run-as';

/** Directories that survive a reboot come first, because the cluster is kept there. */
const PARENTS_BY_PREFERENCE = ['/var/lib', '/var/tmp', tmpdir()];
const NAME = 'ledger';

/**
 * Finds or creates a directory of root that the unprivileged user can reach, for files that it could not reach
 * elsewhere. Only root may write to it: a directory of this name that another user prepared is skipped.
 *
 * @throws EmbeddedPostgresError when there is no such directory
 */
export async function findSystemDirectory(runAs: RunAs): Promise<string> {
  const reasons: string[] = [];
  for (const parent of PARENTS_BY_PREFERENCE) {
    try {
      const directory = join(await realpath(parent), NAME);
      await makeRootDirectory(directory);
      await access(directory, constants.W_OK);
      const closed = await findClosedDirectory(directory, runAs);
      if (closed === undefined) return directory;
      reasons.push(`${closed} is closed to ${runAs.name}`);
    } catch (error) {
      reasons.push(errorMessage(error));
    }
  }
  throw new EmbeddedPostgresError(
    `Started as root, Postgres must run as ${runAs.name}, and no directory was found to keep its files in ` +
      `(${reasons.join('; ')}). Use a data directory and a checkout that ${runAs.name} can reach, start the server ` +
      'as an ordinary user, or set DATABASE_URL to a Postgres of your own.',
  );
}

/**
 * Creates the directory, or checks that the existing one belongs to root and only root can write to it.
 *
 * @throws EmbeddedPostgresError when it does not
 */
export async function makeRootDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true });
  // Independent of the umask.
  if (made !== undefined) await chmod(directory, 0o755);
  const stats = await lstat(directory);
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(
      `${directory} is not a directory that belongs to root and that only root can write to; remove it`,
    );
  }
}
