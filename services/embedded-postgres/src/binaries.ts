import { chmod, lstat, readFile, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { cacheBinaries } from './binary-cache';
import type { Log } from './log';
import { EmbeddedPostgresError, errorCode, errorMessage } from './embedded-postgres-error';
import type { RunAs } from './run-as';
import { runProgram, type ProgramResult } from './run-program';

/** The Postgres programs of one installation. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly majorVersion: string;
}

const VERSION_TIMEOUT_MS = 20_000;
const OR_YOUR_OWN = 'Or set DATABASE_URL to a Postgres of your own.';

/**
 * Finds the binaries of this platform and checks that they run as the user that will run them.
 *
 * @param runAs the user that Postgres runs as; undefined means the current user
 * @param binDir binaries of an installed Postgres, used instead of the embedded ones
 * @throws EmbeddedPostgresError when no binaries run here
 */
export async function prepareBinaries(
  runAs: RunAs | undefined,
  log: Log,
  binDir?: string,
): Promise<Binaries> {
  if (binDir !== undefined) return installedBinaries(binDir, runAs);
  const installed = await findNativeDirectory();
  const notes = await repairInstallation(installed);
  let native = installed;
  let answer = await askVersion(join(native, 'bin'), runAs);
  if (!answer.succeeded && runAs) {
    native = await cacheBinaries(installed, runAs, log);
    notes.push(...(await repairInstallation(native)));
    answer = await askVersion(join(native, 'bin'), runAs);
  }
  const binaries = binariesIn(join(native, 'bin'), answer);
  if (binaries === null) {
    throw new EmbeddedPostgresError(
      `The Postgres binaries in ${native} do not run here${runAs ? ` as ${runAs.name}` : ''} (${answer.ending}). ` +
        `${[answer.output, ...notes].join('; ')}\n` +
        `Install the packages again, as a user that can write there, with their install scripts allowed. ${OR_YOUR_OWN}`,
    );
  }
  return binaries;
}

async function installedBinaries(binDir: string, runAs: RunAs | undefined): Promise<Binaries> {
  const answer = await askVersion(binDir, runAs);
  const binaries = binariesIn(binDir, answer);
  if (binaries !== null) return binaries;
  throw new EmbeddedPostgresError(
    `There is no Postgres in ${binDir} that runs here${runAs ? ` as ${runAs.name}` : ''} ` +
      `(${answer.ending}). ${answer.output}`,
  );
}

/**
 * @param answer result of `postgres --version` in that folder
 * @returns null when that postgres does not run
 */
function binariesIn(binDir: string, answer: ProgramResult): Binaries | null {
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(answer.output)?.[1];
  if (!answer.succeeded || majorVersion === undefined) return null;
  return { initdb: join(binDir, 'initdb'), postgres: join(binDir, 'postgres'), majorVersion };
}

/** The directory of the platform's package that holds `bin`, `lib` and `share`. */
async function findNativeDirectory(): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const packageName = `@embedded-postgres/${platform}`;
  if (process.platform === 'win32') {
    throw new EmbeddedPostgresError(
      `The embedded Postgres does not run on Windows. Use a Linux or macOS. ${OR_YOUR_OWN}`,
    );
  }
  let exported: unknown;
  try {
    exported = await import(packageName);
  } catch (error) {
    const known = errorCode(error) === 'ERR_MODULE_NOT_FOUND' || errorCode(error) === 'MODULE_NOT_FOUND';
    throw new EmbeddedPostgresError(
      `There are no Postgres binaries for ${platform}: the package ${packageName} ` +
        `${known ? 'is not installed (it may not exist for this platform)' : `cannot be loaded: ${errorMessage(error)}`}. ` +
        `Install the optional dependencies. ${OR_YOUR_OWN}`,
      { cause: error },
    );
  }
  if (typeof exported !== 'object' || exported === null || !('postgres' in exported)) {
    throw new EmbeddedPostgresError(
      `${packageName} names no postgres binary. Install the packages again. ${OR_YOUR_OWN}`,
    );
  }
  return dirname(dirname(String(exported.postgres)));
}

function askVersion(binDir: string, runAs: RunAs | undefined): Promise<ProgramResult> {
  return runProgram(join(binDir, 'postgres'), ['--version'], { runAs, timeoutMs: VERSION_TIMEOUT_MS });
}

/**
 * Repeats what the install script of the package does, because npm may block such scripts. A package cannot contain
 * symbolic links, so the package lists the links of its libraries in a file.
 *
 * @returns the steps that failed. They matter only if the binaries then do not run.
 */
async function repairInstallation(native: string): Promise<string[]> {
  const notes: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      notes.push(`${what}: ${errorMessage(error)}`);
    }
  };
  for (const name of ['initdb', 'postgres']) {
    await attempt(`${name} could not be made executable`, () => makeExecutable(join(native, 'bin', name)));
  }
  await attempt('the links of the libraries could not be created', () => restoreLinks(native));
  return notes;
}

async function makeExecutable(program: string): Promise<void> {
  const { mode } = await stat(program);
  if ((mode & 0o555) !== 0o555) await chmod(program, (mode & 0o777) | 0o555);
}

async function restoreLinks(native: string): Promise<void> {
  const links: unknown = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8'));
  if (!Array.isArray(links)) return;
  for (const { source, target } of links.filter(isLink)) {
    // Both paths are relative to the directory of the package, the parent of `native`.
    const link = join(dirname(native), target);
    const exists = await lstat(link).catch(() => undefined);
    if (!exists) await symlink(relative(dirname(target), source), link);
  }
}

function isLink(value: unknown): value is { source: string; target: string } {
  if (typeof value !== 'object' || value === null) return false;
  if (!('source' in value) || !('target' in value)) return false;
  return [value.source, value.target].every(
    (path) => typeof path === 'string' && path.startsWith('native/') && !path.includes('..'),
  );
}
