import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres-error';

/** The unprivileged user that Postgres runs as when we are root. Postgres refuses to run as root. */
export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const PASSWD_FILE = '/etc/passwd';
const USERS_BY_PREFERENCE = ['postgres', 'nobody'];

/** Whether this process runs as root. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * Finds a user for Postgres. Never creates one, because that is the administrator's decision.
 *
 * @throws EmbeddedPostgresError when there is no suitable user
 */
export async function findUnprivilegedUser(): Promise<RunAs> {
  const users = await readUsers();
  for (const name of USERS_BY_PREFERENCE) {
    const user = users.find((candidate) => candidate.name === name && candidate.uid !== 0);
    if (user) return user;
  }
  throw new EmbeddedPostgresError(
    `Postgres refuses to run as root, and this system has none of the users ${USERS_BY_PREFERENCE.join(', ')}. ` +
      'Start the server as an ordinary user, or set DATABASE_URL to a Postgres of your own.',
  );
}

/** The owner of an existing cluster. Postgres runs only as the owner of its data. */
export async function userOfOwner(uid: number, gid: number): Promise<RunAs> {
  const known = (await readUsers()).find((user) => user.uid === uid);
  return { name: known?.name ?? `uid ${uid}`, uid, gid };
}

/** The first directory on the path, including the last one, that the user cannot enter; undefined if there is none. */
export async function findClosedDirectory(path: string, user: RunAs): Promise<string | undefined> {
  const parent = dirname(path);
  const closedParent = parent === path ? undefined : await findClosedDirectory(parent, user);
  if (closedParent !== undefined) return closedParent;

  const { mode, uid, gid } = await stat(path);
  // Node drops supplementary groups when it changes the user, so one of these three bits decides.
  const passBit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
  return (mode & passBit) === 0 ? path : undefined;
}

async function readUsers(): Promise<RunAs[]> {
  const passwd = await readFile(PASSWD_FILE, 'utf8').catch(() => '');
  return passwd.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':');
    if (!name || !uid || !gid) return [];
    return [{ name, uid: Number(uid), gid: Number(gid) }];
  });
}
