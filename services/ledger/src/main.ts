import { runProgram } from '@ledger/kit/server/program';
import { ConfigError } from '@ledger/kit/server/environment';
import { isProgramFault } from '@ledger/kit/postgres/sql-state';
import type { ExitCode } from '@ledger/kit/server/exit-code';
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

/** The one program of the ledger's server side. Without a subcommand it serves. */
async function main(): Promise<ExitCode> {
  const [name = 'serve', ...args] = process.argv.slice(2);
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
