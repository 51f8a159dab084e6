import { startEmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';
import { createLogin } from '@ledger/embedded-postgres/create-login';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { nextStopSignal, runProgram } from '@ledger/kit/server/program';
import type { DatabaseUrls } from './database-urls';

/** Runs the embedded Postgres until SIGTERM. Its URLs hold passwords, so they go to start-all and to no log. */
async function main(): Promise<ExitCode> {
  const signal = nextStopSignal();
  const postgres = await startEmbeddedPostgres({
    dataDir: process.env['LEDGER_DATA_DIR'] ?? '.data',
    log: (message, { directory } = {}) =>
      say(typeof directory === 'string' ? `${message}, data in ${directory}` : message),
  });
  const login = await createLogin(postgres.url, 'ledger_server');
  const services = await createLogin(postgres.url, 'services', { createDatabases: true });
  process.send?.(JSON.stringify({ ledger: login, migration: postgres.url, services } satisfies DatabaseUrls));
  await signal;
  await postgres.stop();
  return EXIT_CODES.ok;
}

/** Nobody but a programmer has a use for a stack. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function say(text: string): void {
  process.stderr.write(`start-all: ${text}\n`);
}

runProgram('start-all', main, messageOf);
