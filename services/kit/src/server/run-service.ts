import { ConfigError, Environment, type ServiceSettings } from './environment';
import { createLog, type ServiceLog } from './service-log';
import { StartError, type RunningService } from './server';

/** Stable: scripts may rely on them. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** How long a stop may take beyond the service's own limit before the process ends itself. */
const STOP_GRACE_MS = 5_000;

/** A service as a program. */
export interface ServiceProgram<Settings extends ServiceSettings> {
  /** In logs; in capitals the prefix of its variables. */
  readonly name: string;
  /** Reads its settings; throws ConfigError. */
  readonly settings: (environment: Environment) => Settings;
  readonly start: (settings: Settings, log: ServiceLog) => Promise<RunningService>;
}

/**
 * Runs a service until SIGTERM or SIGINT, then stops it: what it accepted is finished and answered. Exit code 2 for a
 * setting that cannot be used, 1 for anything else that prevents a start.
 */
export function runService<Settings extends ServiceSettings>(program: ServiceProgram<Settings>): void {
  serve(program).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${program.name}: ${describe(error)}\n`);
      process.exit(error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILED);
    },
  );
}

async function serve<Settings extends ServiceSettings>(program: ServiceProgram<Settings>): Promise<void> {
  const settings = program.settings(new Environment(process.env, program.name.toUpperCase()));
  // Before anything starts: a signal that comes in the middle of it is obeyed once it is up.
  const stopSignal = nextStopSignal();
  const log = createLog(program.name, settings.logLevel);
  process.on('exit', () => log.flush());
  const service = await program.start(settings, log);
  log.logger.info({ address: service.address, ledger: settings.ledgerAddress }, 'listening');
  log.flush();
  const signal = await stopSignal;
  log.logger.info({ signal }, 'stopping');
  setTimeout(() => {
    log.logger.error('the service did not stop in time');
    process.exit(EXIT_FAILED);
  }, settings.shutdownTimeoutMs + STOP_GRACE_MS).unref();
  await service.stop();
  log.logger.info('stopped');
}

function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

function describe(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartError) return error.message;
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
