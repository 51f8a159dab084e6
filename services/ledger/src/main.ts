import { runProgram } from '@ledger/kit/server/program';
import { ConfigError } from '@ledger/kit/server/environment';
import { isProgramFault } from '@ledger/kit/postgres/sql-state';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { EmbeddedPostgresError } from '@ledger/embedded-postgres/embedded-postgres-error';
import { checkpointCommand } from './commands/checkpoint';
import type { Command } from './commands/command';
import { healthcheckCommand } from './commands/healthcheck';
import { migrateCommand } from './commands/migrate';
import { serveCommand } from './commands/serve';

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: serveCommand,
  migrate: migrateCommand,
  healthcheck: healthcheckCommand,
  checkpoint: checkpointCommand,
};

const USAGE = `usage: ledger-server [${Object.keys(COMMANDS).join('|')}]`;

const HELP: ReadonlySet<string> = new Set(['--help', '-h']);
const HELP_TEXT = `${USAGE}
  serve        serves until SIGTERM; the default
  migrate      brings the schema of DATABASE_URL up to date
  healthcheck  exits with 0 when the server at LEDGER_LISTEN is SERVING
  checkpoint   signs the present state of the ledger, or checks it: checkpoint create|check
Settings come from the environment; README.md lists them.
`;

/** The one program of the ledger's server side. Without a subcommand it serves. */
async function main(): Promise<ExitCode> {
  const [name = 'serve', ...args] = process.argv.slice(2);
  if ([name, ...args].some((word) => HELP.has(word)) || name === 'help') {
    process.stdout.write(HELP_TEXT);
    return EXIT_CODES.ok;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new ConfigError(USAGE);
  return command(args, process);
}

function describe(error: unknown): string {
  if (error instanceof EmbeddedPostgresError) return error.message;
  if (!(error instanceof Error)) return String(error);
  // A stack is only useful for a fault of this program.
  if (isProgramFault(error)) return error.stack ?? error.message;
  const said = error.message !== '' ? error.message : 'code' in error ? String(error.code) : error.name;
  return `cannot use the database: ${said}`;
}

runProgram('ledger', main, describe);
