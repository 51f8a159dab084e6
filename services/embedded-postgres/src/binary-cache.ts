import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Log } from './log';
import { errorCode } from './embedded-postgres-error';
import type { RunAs } from './run-as';
import { createStaging, removeStaging } from './staging';
import { findSystemDirectory, makeRootDirectory } from './system-directory';

/**
 * Copies the binaries, once per version, to a directory from which the unprivileged user can run them. That user cannot
 * reach a checkout inside a home directory that is closed to others.
 *
 * @returns the directory with `bin`, `lib` and `share`
 */
export async function cacheBinaries(native: string, runAs: RunAs, log: Log): Promise<string> {
  const parent = join(await findSystemDirectory(runAs), 'binaries');
  await makeRootDirectory(parent);
  const cached = join(parent, await nameOf(native));

  // A directory of this name is complete, because it got the name by a final rename. makeRootDirectory rejects one that
  // other users can write.
  const exists = await lstat(cached).catch(() => undefined);
  if (!exists) {
    await copyInto(cached, native);
    log('the Postgres binaries were copied to where an unprivileged user can run them', {
      user: runAs.name,
      from: native,
      to: cached,
    });
  }
  await makeRootDirectory(cached);
  return join(cached, 'native');
}

async function nameOf(native: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(dirname(native), 'package.json'), 'utf8'));
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : '0';
  return `${process.platform}-${process.arch}-${version.replaceAll(/[^\w.-]/g, '_')}`;
}

async function copyInto(cached: string, native: string): Promise<void> {
  const staging = await createStaging(cached);
  try {
    await copyTree(native, join(staging, 'native'));
    await chmod(staging, 0o755);
    await rename(staging, cached);
  } catch (error) {
    const another = errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST';
    if (!another) throw error;
  } finally {
    await removeStaging(staging);
  }
}

/** Sets every file mode, because the source may be closed to other users. */
async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target);
  await chmod(target, 0o755);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const from = join(source, entry.name);
    const to = join(target, entry.name);
    if (entry.isDirectory()) {
      await copyTree(from, to);
    } else if (entry.isSymbolicLink()) {
      await symlink(await readlink(from), to);
    } else {
      const { mode } = await lstat(from);
      await copyFile(from, to);
      await chmod(to, (mode & 0o111) === 0 ? 0o644 : 0o755);
    }
  }
}
