import { chown, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from './embedded-postgres-error';
import { isRoot } from './run-as';
import { runProgram } from './run-program';

/** The content of postmaster.pid, which Postgres writes into a cluster in use. */
export interface PostmasterPid {
  readonly pid: number;
  /** 0 when the file names no port yet. */
  readonly port: number;
  /** The folder of its socket, or else the address at which it listens. */
  readonly host: string;
}

const PID_FILE = 'postmaster.pid';

/** Postgres creates the file empty and fills it at once. If it is still empty after this time, a crash left it. */
const NAMELESS_FILE_GRACE_MS = 2_000;
const PS_TIMEOUT_MS = 5_000;

/** Reads the file; undefined when it is missing or names no process. */
export async function readPostmasterPid(directory: string): Promise<PostmasterPid | undefined> {
  const content = await readPidFile(directory);
  if (content === undefined) return undefined;
  const lines = content.split('\n');
  const [pid, , , port] = lines.map(Number);
  // A single-user Postgres writes its pid negated.
  if (!pid || !Number.isInteger(pid)) return undefined;
  return {
    pid: Math.abs(pid),
    port: port && Number.isInteger(port) ? port : 0,
    host: lines.slice(4, 6).find((line) => line !== '') ?? '',
  };
}

/** Removes a file that names no process. As long as it exists, Postgres refuses to start. */
export async function removeNamelessPidFile(directory: string): Promise<void> {
  const path = join(directory, PID_FILE);
  const stats = await stat(path).catch(() => undefined);
  if (stats && Date.now() - stats.mtimeMs > NAMELESS_FILE_GRACE_MS) await rm(path, { force: true });
}

/**
 * Whether this process is the postmaster of this cluster, and not another process that got the same pid later. No
 * process may be signalled before this has returned true.
 */
export async function isPostmasterOf(directory: string, pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    // A zombie has an empty command line. A backend shows a title instead.
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const [program, ...programArguments] = command.split('\0');
    if (!program || basename(program) !== 'postgres') return false;
    const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    return workingDirectory === directory || programArguments.includes(directory);
  }
  const ps = await runProgram('ps', ['-o', 'command=', '-p', String(pid)], {
    runAs: undefined,
    timeoutMs: PS_TIMEOUT_MS,
  });
  return ps.succeeded && ps.output.includes('postgres') && `${ps.output} `.includes(` -D ${directory} `);
}

/**
 * Frees a cluster whose file names a live process that is not its postmaster, because Postgres would take that process
 * for one and refuse to start. The file is not removed: from its last lines Postgres finds backends that outlived their
 * postmaster. Instead the pid is replaced by ours, which Postgres ignores because we are its parent.
 */
export async function disownPidFile(directory: string, stale: PostmasterPid): Promise<void> {
  const content = await readPidFile(directory);
  if (content === undefined) return;
  const [first, ...rest] = content.split('\n');
  if (Math.abs(Number(first)) !== stale.pid) return;

  const path = join(directory, PID_FILE);
  const { uid, gid } = await stat(path);
  const replacement = `${path}.${process.pid}`;
  await writeFile(replacement, [process.pid, ...rest].join('\n'), { mode: 0o600 });
  if (isRoot()) await chown(replacement, uid, gid);
  await rename(replacement, path);
}

async function readPidFile(directory: string): Promise<string | undefined> {
  return readFile(join(directory, PID_FILE), 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
