import { join } from 'node:path';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { standardOutput } from '@ledger/kit/server/log-output';
import { LogSink } from '@ledger/kit/server/log-sink';
import { nextStopSignal, runProgram } from '@ledger/kit/server/program';
import type { DatabaseUrls } from './database-urls';
import { StartedPrograms } from './started-programs';

/** The options of Node that `npm start` and the image run the ledger with (docs/performance.md). */
const NODE_OPTIONS = [
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
  '--no-allocation-site-pretenuring',
];

/** Each service on the ledger, by its folder, and whether it owns data. */
const SERVICES = [
  { name: 'peepcoins', ownsData: true },
  { name: 'storefront', ownsData: false },
  { name: 'cauldrons', ownsData: true },
];

/** How much of all their logs may wait in memory while nobody takes it. */
const LOG_MAX_BYTES = 4 * 1024 * 1024;
/** The longest that the end of this process may wait for the log. */
const LOG_END_LIMIT_MS = 500;

/**
 * Starts one Postgres, the ledger on it, and then every service, each with a database of its own. SIGINT or SIGTERM
 * stops them in the opposite order, and so does the end of any of them, with exit code 1. When this process is killed,
 * all of them stop by themselves.
 */
async function main(): Promise<ExitCode> {
  // Before anything starts: a signal that comes in the middle of it is obeyed once that part is up.
  const signal = nextStopSignal();
  const output = new LogSink(standardOutput(), {
    ...{ bufferMaxBytes: LOG_MAX_BYTES, endLimitMs: LOG_END_LIMIT_MS },
    onDropped: (lines) => say(`${lines} lines of the log were dropped: nobody took them`),
  });
  process.on('exit', () => output.end());
  const started = new StartedPrograms(output);
  try {
    await Promise.race([signal, run(started)]);
  } finally {
    await started.stop();
  }
  say('all have stopped');
  return EXIT_CODES.ok;
}

/** Fails when one of them ends; it never resolves. */
async function run(started: StartedPrograms): Promise<never> {
  const urls = await findDatabase(started);
  const databases = { DATABASE_URL: urls.ledger, MIGRATION_DATABASE_URL: urls.migration };
  const ledger = started.start('ledger', serviceFile('ledger'), databases, NODE_OPTIONS);
  started.nextStage();
  const ledgerAddress = await ledger.listening;
  const services = SERVICES.map(({ name, ownsData }) => {
    const variables = { LEDGER_ADDRESS: ledgerAddress };
    const database = ownsData ? databaseOf(name, urls.services) : {};
    return started.start(name, serviceFile(name), { ...variables, ...database });
  });
  await Promise.all(services.map(({ listening }) => listening));
  for (const { name, listening, pid } of [ledger, ...services]) {
    say(`${name} listens on ${await listening} (pid ${pid})`);
  }
  say('all are up; Ctrl-C stops them');
  return started.run();
}

/** The Postgres that DATABASE_URL names, else the embedded one. */
async function findDatabase(started: StartedPrograms): Promise<DatabaseUrls> {
  const url = process.env['DATABASE_URL'];
  if (url !== undefined && url !== '') {
    return { ledger: url, migration: process.env['MIGRATION_DATABASE_URL'] ?? '', services: url };
  }
  const postgres = started.start('postgres', join(__dirname, 'postgres.js'), {});
  started.nextStage();
  return JSON.parse(await postgres.listening) as DatabaseUrls;
}

function serviceFile(name: string): string {
  return join(__dirname, '..', '..', name, 'dist', 'main.js');
}

/** The same server and another database, unless the environment names one. */
function databaseOf(service: string, databaseUrl: string): Record<string, string> {
  const variable = `${service.toUpperCase()}_DATABASE_URL`;
  const url = new URL(databaseUrl);
  url.pathname = `/${service}`;
  return { [variable]: process.env[variable] ?? url.href };
}

/** Nobody but a programmer has a use for a stack. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For the person who started it; standard output carries the logs. */
function say(text: string): void {
  process.stderr.write(`start-all: ${text}\n`);
}

runProgram('start-all', main, messageOf);
