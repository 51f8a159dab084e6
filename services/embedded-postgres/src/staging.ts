import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './embedded-postgres-error';

const STAGING_NAME = /^(?<target>.+)\.new-(?<pid>\d+)-[0-9a-f]+$/;

/**
 * Creates a directory beside `target`. The caller builds in it and renames the result to `target`, so that `target` is
 * complete or absent. Staging directories that killed processes left behind are removed.
 */
export async function createStaging(target: string): Promise<string> {
  await removeAbandonedStaging(target);
  const staging = `${target}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(staging, { mode: 0o700 });
  return staging;
}

/**
 * Removes a staging directory as far as possible: an initdb whose server was killed may still write to it. The next
 * start removes what remains.
 */
export async function removeStaging(staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
}

/** Makes renames and new links in this directory survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeAbandonedStaging(target: string): Promise<void> {
  const parent = dirname(target);
  for (const name of await readdir(parent)) {
    const match = STAGING_NAME.exec(name)?.groups;
    if (match?.['target'] !== basename(target) || isAlive(Number(match['pid']))) continue;
    await removeStaging(join(parent, name));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process is alive and belongs to another user.
    return errorCode(error) === 'EPERM';
  }
}
