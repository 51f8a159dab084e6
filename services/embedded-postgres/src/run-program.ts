import { spawn } from 'node:child_process';
import { errorMessage } from './embedded-postgres-error';
import type { RunAs } from './run-as';

const MAX_OUTPUT_CHARACTERS = 8_000;

/** As which user a program runs, and for how long at most. */
export interface ProgramOptions {
  readonly runAs: RunAs | undefined;
  readonly timeoutMs: number;
}

/** How a program ended, and what it wrote. */
export interface ProgramResult {
  /** "exit code 1", "signal SIGKILL", "timed out after 5000 ms", or why it could not be started. */
  readonly ending: string;
  readonly succeeded: boolean;
  /** The last part of what it wrote to stdout and stderr. */
  readonly output: string;
}

/** The spawn options of every Postgres program: the unprivileged user, and a minimal environment. */
export function spawnOptions(runAs: RunAs | undefined) {
  return {
    ...(runAs && { uid: runAs.uid, gid: runAs.gid }),
    // That user may not be allowed to enter our working directory.
    cwd: '/',
    // PGDATA, PGPORT and others would change its behaviour, and our environment holds secrets. Without LC_ALL, macOS
    // asks its frameworks for the locale, which starts threads, and Postgres refuses to run with threads.
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    // A process group of its own: Ctrl-C in a terminal reaches only the server, which drains before it stops Postgres.
    detached: true,
  };
}

/** Runs a program until it exits. Never rejects: the result says how it ended. */
export async function runProgram(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  try {
    return await run(program, programArguments, options);
  } catch (error) {
    // spawn throws when we may not switch to that user. A missing program is an event instead.
    return { ending: errorMessage(error), succeeded: false, output: '' };
  }
}

function run(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program, programArguments, {
      ...spawnOptions(options.runAs),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const finish = (ending: string, succeeded = false): void => {
      clearTimeout(timer);
      resolve({ ending, succeeded, output: output.trim() });
    };
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-MAX_OUTPUT_CHARACTERS);
    };
    const timer = setTimeout(() => {
      killGroup(child.pid);
      finish(`timed out after ${options.timeoutMs} ms`);
    }, options.timeoutMs);

    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => finish(error.message));
    child.on('close', (exitCode, signal) =>
      finish(signal ? `signal ${signal}` : `exit code ${exitCode}`, exitCode === 0),
    );
  });
}

/** Kills the whole process group, because initdb runs postgres as its own child. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
