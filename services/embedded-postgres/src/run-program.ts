import { spawn } from 'node:child_process';
import { errorMessage } from './embedded-postgres-error';
import type { RunAs } from './run-as';

const MAX_OUTPUT_CHARACTERS = 8_000;

export interface ProgramOptions {
  readonly runAs: RunAs | undefined;
  readonly timeoutMs: number;
}

export interface ProgramResult {
  /** "exit code 1", "signal SIGKILL", "no end within 5000 ms" or the reason why it could not be started. */
  readonly ending: string;
  readonly succeeded: boolean;
  /** The end of what it wrote to stdout and stderr. */
  readonly output: string;
}

/** How every Postgres program is started: as the unprivileged user, and with nothing of our environment. */
export function spawnOptions(runAs: RunAs | undefined) {
  return {
    ...(runAs && { uid: runAs.uid, gid: runAs.gid }),
    // Our own working directory may be closed to that user.
    cwd: '/',
    // PGDATA, PGPORT and the like would change what it does, and our environment holds secrets. Without LC_ALL
    // macOS asks its frameworks for the locale, which starts threads, which Postgres refuses.
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    // A group of its own: Ctrl-C in a terminal reaches the server only, which drains before it stops Postgres.
    detached: true,
  };
}

/** Runs a program to its end. Never rejects: how it ended is the result. */
export async function runProgram(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  try {
    return await run(program, programArguments, options);
  } catch (error) {
    // A missing program is an event; a user that we may not become is thrown.
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
      finish(`no end within ${options.timeoutMs} ms`);
    }, options.timeoutMs);

    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => finish(error.message));
    child.on('close', (exitCode, signal) =>
      finish(signal ? `signal ${signal}` : `exit code ${exitCode}`, exitCode === 0),
    );
  });
}

/** initdb runs postgres as a child of its own; the group, which only we made, holds both. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
