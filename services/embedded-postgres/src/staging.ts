import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './embedded-postgres-error';

const STAGING_NAME = /^(?<target>.+)\.new-(?<pid>\d+)-[0-9a-f]+$/;

/**
 * A fresh directory beside `target` to build it in and to rename it from, so that `target` is there whole or not at
 * all. What a killed process left behind goes away on the way.
 */
export async function createStaging(target: string): Promise<string> {
  await removeAbandonedStaging(target);
  const staging = `${target}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(staging, { mode: 0o700 });
  return staging;
}

/**
 * Best effort: an initdb whose server was killed may still write to it, and what stays is found by the next start.
 */
export async function removeStaging(staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }).catch(() => undefined);
}

/** Makes a rename or a new link in this directory last through a power failure. */
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
    // EPERM: alive, and somebody else's.
    return errorCode(error) === 'EPERM';
  }
}
