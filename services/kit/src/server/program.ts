import { ConfigError } from './environment';
import { EXIT_CODES, type ExitCode } from './exit-code';
import type { RunningServer } from './server';
import type { ServerLog } from './server-log';
import { StartError } from './start-error';

/**
 * Runs the program of this process and ends the process with its exit code. An error is written to standard error in a
 * line that begins with the program's name: 2 for a ConfigError, 1 for any other.
 *
 * @param describe the text of errors that are neither a ConfigError nor a StartError
 */
export function runProgram(
  name: string,
  main: () => Promise<ExitCode>,
  describe: (error: unknown) => string = stackOf,
): void {
  // Nobody may read it any more, or its disk may be full. Unheard, the error would end the process.
  process.stderr.on('error', () => undefined);
  void exitCodeOf(name, main, { stderr: process.stderr, describe }).then((code) => process.exit(code));
}

/** Where and how errors are written. */
export interface ErrorReport {
  readonly stderr: { write(text: string): unknown };
  readonly describe?: (error: unknown) => string;
}

/** The exit code that a program comes to; its error has been written. Never throws. */
export async function exitCodeOf(
  name: string,
  main: () => Promise<ExitCode>,
  { stderr, describe = stackOf }: ErrorReport,
): Promise<ExitCode> {
  try {
    return await main();
  } catch (error) {
    tell(stderr, `${name}: ${textOf(error, describe)}\n`);
    return error instanceof ConfigError ? EXIT_CODES.usage : EXIT_CODES.failed;
  }
}

/** How a server lives in a process. */
export interface ServerLife<Running extends RunningServer> {
  readonly log: ServerLog;
  readonly start: () => Promise<Running>;
  /** Called once it listens. */
  readonly onListening: (server: Running) => void;
  /** The longest that its stop may take; the process then ends itself with exit code 1. */
  readonly stopLimitMs: number;
}

/** Starts a server, and stops it at SIGTERM or SIGINT: what it accepted is finished and answered. */
export async function serveUntilStopped<Running extends RunningServer>({
  log,
  start,
  onListening,
  stopLimitMs,
}: ServerLife<Running>): Promise<void> {
  process.on('exit', () => log.end());
  // Before anything starts: a signal that comes in the middle of it is obeyed once it is up.
  const stopSignal = nextStopSignal();
  const server = await start();
  onListening(server);
  log.flush();
  const signal = await stopSignal;
  log.logger.info({ signal }, 'stopping');
  setTimeout(() => {
    log.logger.error('the server did not stop in time');
    process.exit(EXIT_CODES.failed);
  }, stopLimitMs).unref();
  await server.stop();
  log.logger.info('stopped');
}

/** The first SIGTERM or SIGINT from now on; none of them ends the process by itself any more. */
export function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

/** Standard error may be a full disk, which must not change the exit code. */
function tell(stderr: ErrorReport['stderr'], text: string): void {
  try {
    stderr.write(text);
  } catch {
    // There is nowhere left to tell it.
  }
}

function textOf(error: unknown, describe: (error: unknown) => string): string {
  if (error instanceof ConfigError || error instanceof StartError) return error.message;
  if (error instanceof AggregateError) return error.errors.map((each) => textOf(each, describe)).join('; ');
  return describe(error);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
