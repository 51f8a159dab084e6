import { Environment } from '../server/environment';
import { EXIT_CODES } from '../server/exit-code';
import { firstLine } from '../server/first-line';
import { runProgram, serveUntilStopped } from '../server/program';
import type { RunningServer } from '../server/server';
import { createLog, type ServerLog } from '../server/server-log';
import type { ServiceSettings } from './service-settings';

/** How long a stop may take beyond the service's own limit before the process ends itself. */
const STOP_GRACE_MS = 5_000;

/** A service on the ledger as a program. */
export interface ServiceProgram<Settings extends ServiceSettings> {
  /** In logs; in capitals the prefix of its variables. */
  readonly name: string;
  /** Reads its settings; throws ConfigError. */
  readonly settings: (environment: Environment) => Settings;
  readonly start: (settings: Settings, log: ServerLog) => Promise<RunningServer>;
}

/** Runs a service until SIGTERM or SIGINT. Exit codes are those of `runProgram`. */
export function runService<Settings extends ServiceSettings>(program: ServiceProgram<Settings>): void {
  const { name } = program;
  runProgram(name, async () => {
    const settings = program.settings(new Environment(process.env, name.toUpperCase()));
    const log = createLog(settings.logLevel, { service: name });
    log.logger.info(firstLine(settings), 'starting');
    await serveUntilStopped({
      log,
      start: () => program.start(settings, log),
      onListening: ({ address }) => log.logger.info({ address, ledger: settings.ledgerAddress }, 'listening'),
      stopLimitMs: settings.shutdownTimeoutMs + STOP_GRACE_MS,
    });
    return EXIT_CODES.ok;
  });
}
