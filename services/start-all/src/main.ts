import { startEmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';
import { Program } from './program';

/** Each service on the ledger, by its folder, and whether it owns data. */
const SERVICES = [
  { name: 'peepcoins', ownsData: true },
  { name: 'storefront', ownsData: false },
  { name: 'cauldrons', ownsData: true },
];

/** A Postgres that all of them use. */
interface Postgres {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts one Postgres, the ledger on it, and then every service, each with a database of its own. SIGINT or SIGTERM
 * stops them in the opposite order, and so does the end of any of them, with exit code 1.
 */
async function main(): Promise<void> {
  // Before anything starts: a signal that comes in the middle of it is obeyed once that part is up.
  const signal = nextStopSignal();
  const postgres = await startPostgres();
  const started: Program[] = [];
  const stopping = new AbortController();
  try {
    await Promise.race([signal, run(postgres.url, started, stopping.signal)]);
  } finally {
    stopping.abort();
    const [ledger, ...services] = started;
    // The ledger last: the others still finish what they have accepted.
    await Promise.all(services.map((service) => service.stop()));
    await ledger?.stop();
    await postgres.stop();
  }
}

/** Fails when one of them ends; it never resolves. */
async function run(databaseUrl: string, started: Program[], stopping: AbortSignal): Promise<never> {
  const start = (name: string, variables: Readonly<Record<string, string>>): Program => {
    stopping.throwIfAborted();
    const program = new Program(name, variables);
    started.push(program);
    return program;
  };
  const ledger = start('ledger', { DATABASE_URL: databaseUrl });
  const ledgerAddress = await ledger.listening;
  const services = SERVICES.map(({ name, ownsData }) => {
    const variables = { LEDGER_ADDRESS: ledgerAddress };
    return start(name, ownsData ? { ...variables, ...databaseOf(name, databaseUrl) } : variables);
  });
  await Promise.all(services.map(({ listening }) => listening));
  for (const { name, listening, pid } of started) say(`${name} listens on ${await listening} (pid ${pid})`);
  say('all are up; Ctrl-C stops them');
  return Promise.race(started.map((program) => program.run()));
}

/** The same server and another database, unless the environment names one. */
function databaseOf(service: string, databaseUrl: string): Record<string, string> {
  const variable = `${service.toUpperCase()}_DATABASE_URL`;
  const url = new URL(databaseUrl);
  url.pathname = `/${service}`;
  return { [variable]: process.env[variable] ?? url.href };
}

async function startPostgres(): Promise<Postgres> {
  const url = process.env['DATABASE_URL'];
  if (url !== undefined && url !== '') return { url, stop: () => Promise.resolve() };
  return startEmbeddedPostgres({
    dataDir: process.env['LEDGER_DATA_DIR'] ?? '.data',
    log: (message) => say(message),
  });
}

function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

/** For the person who started it; standard output carries the logs. */
function say(text: string): void {
  process.stderr.write(`start-all: ${text}\n`);
}

main().then(
  () => say('all have stopped'),
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  },
);
