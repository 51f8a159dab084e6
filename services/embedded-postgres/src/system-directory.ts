import { constants } from 'node:fs';
import { access, chmod, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedPostgresError, errorMessage } from './embedded-postgres-error';
import { findClosedDirectory, type RunAs } from './run-as';

/** Places that outlast a restart of the machine come first: the cluster is kept there. */
const PARENTS_BY_PREFERENCE = ['/var/lib', '/var/tmp', tmpdir()];
const NAME = 'ledger';

/**
 * A directory of root's that the unprivileged user can reach, for what lies out of its reach elsewhere. Only root may
 * write to it: a directory that somebody else prepared under this name is passed over.
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

/** Makes the directory, or proves that the existing one is root's own and closed to the writing of others. */
export async function makeRootDirectory(directory: string): Promise<void> {
  const made = await mkdir(directory, { recursive: true });
  // Whatever the umask was.
  if (made !== undefined) await chmod(directory, 0o755);
  const stats = await lstat(directory);
  if (!stats.isDirectory() || stats.uid !== 0 || (stats.mode & 0o022) !== 0) {
    throw new EmbeddedPostgresError(
      `${directory} is not a directory of root's that root alone can write to; remove it`,
    );
  }
}
