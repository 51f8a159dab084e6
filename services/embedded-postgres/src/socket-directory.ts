import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClusterLocation } from './cluster-location';
import { EmbeddedPostgresError, errorCode } from './embedded-postgres-error';

/** The number in the name of the socket. No port: nothing else is in the folder. */
export const SOCKET_NUMBER = 5432;

/** What the system allows for the path of a socket is 104 bytes or more; its name is added to the folder. */
const PATH_MAX_BYTES = 100;
const PRIVATE = 0o700;

/**
 * The folder for the Unix socket of a cluster, which only the user of Postgres, and root, can enter: the cluster itself,
 * or one in the system's folder for temporary files when that path is too long.
 *
 * @returns null on a system without such sockets
 */
export async function findSocketDirectory({ directory, runAs }: ClusterLocation): Promise<string | null> {
  if (process.platform === 'win32') return null;
  const path = join(directory, `.s.PGSQL.${SOCKET_NUMBER}.lock`);
  // In the setting, a comma would end the name of the folder.
  if (Buffer.byteLength(path) <= PATH_MAX_BYTES && !/[",]/.test(directory)) return directory;
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 16);
  const short = join(await realpath(tmpdir()), `ledger-${name}`);
  await mkdir(short, { mode: PRIVATE }).catch((error: unknown) => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  const own = process.getuid?.() ?? 0;
  const found = await lstat(short);
  if (!found.isDirectory() || (found.uid !== own && found.uid !== runAs?.uid)) {
    throw new EmbeddedPostgresError(
      `${short}, the folder for the socket of Postgres, belongs to somebody else. Remove it, or choose a data ` +
        'directory with a shorter path.',
    );
  }
  await chmod(short, PRIVATE);
  if (runAs !== undefined) await chown(short, runAs.uid, runAs.gid);
  return short;
}
