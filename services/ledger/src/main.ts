import cluster from 'node:cluster';
import { parseConfig, ConfigError, type Config } from './config';
import {
  EmbeddedPostgresError,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '@ledger/embedded-postgres/embedded-postgres';
import { createLog, type ServerLog } from './logger';
import { createLedgerServer, StartError, type LedgerServer } from './app';
import { migrate, SchemaError } from './store/migrate';
import { isProgramFault } from './store/sql-state';
import { reportListening, startWorkers, WorkerError } from './workers';

/** Stable: scripts may rely on them. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** How long a stop may take beyond the server's own limit before the process ends itself. */
const STOP_GRACE_MS = 15_000;

/** How long a worker may take for that before it is killed: less, so that this process sees it end. */
const WORKER_GRACE_MS = 10_000;

async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const [command = 'serve', ...rest] = process.argv.slice(2);
  if (rest.length > 0 || (command !== 'serve' && command !== 'migrate')) {
    throw new ConfigError('usage: ledger-server [serve|migrate]');
  }
  const log = createLog(config.logLevel, cluster.worker?.id);
  process.on('exit', () => log.flush());
  if (command === 'migrate') await migrateOnly(config, log);
  else await serve(config, log);
}

async function migrateOnly(config: Config, log: ServerLog): Promise<void> {
  if (config.databaseUrl === null) throw new ConfigError('migrate needs DATABASE_URL');
  const url = config.databaseUrl;
  const migrations = await migrate({ url, migrationUrl: config.migrationDatabaseUrl ?? url });
  log.logger.info({ migrations }, 'schema up to date');
}

async function serve(config: Config, log: ServerLog): Promise<void> {
  // Before anything starts: a signal that comes in the middle of it is obeyed once it is up.
  const stopSignal = nextStopSignal();
  const embedded = config.databaseUrl === null ? await startEmbedded(config, log) : null;
  try {
    const server = await start(config, config.databaseUrl ?? embedded?.url ?? '', log);
    log.logger.info({ address: server.address, embedded: embedded !== null }, 'listening');
    log.flush();
    if (cluster.isWorker) reportListening(server.address);
    else greet(server.address, embedded);
    const signal = await stopSignal;
    log.logger.info({ signal }, 'stopping');
    endAnyway(config, log);
    await server.stop();
  } finally {
    await embedded?.stop();
  }
  log.logger.info('stopped');
}

/** The server in this process, or in several that this one looks after. */
async function start(config: Config, url: string, log: ServerLog): Promise<LedgerServer> {
  if (config.workers === 1 || cluster.isWorker) return createLedgerServer(config, url, log);
  const { workers: count, shutdownTimeoutMs } = config;
  const workers = await startWorkers({ count, env: { DATABASE_URL: url }, log: log.logger });
  return { address: workers.address, stop: () => workers.stop(shutdownTimeoutMs + WORKER_GRACE_MS) };
}

function startEmbedded(config: Config, log: ServerLog): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({
    dataDir: config.dataDir,
    log: (message, fields) => log.logger.info({ ...fields }, message),
  });
}

/** For the person who started it; standard output carries the log. */
function greet(address: string, embedded: EmbeddedPostgres | null): void {
  const database =
    embedded === null ? 'the Postgres of DATABASE_URL' : `its own Postgres, data in ${embedded.dataDir}`;
  process.stderr.write(
    `\nledger listens on ${address} with ${database}\n` +
      `try:  npx buf curl --http2-prior-knowledge --protocol grpc \\\n` +
      `        -d '{"request_id":"first-1","user_id":"lucas","asset":"PEEP","amount":100}' \\\n` +
      `        http://${address}/ledger.v1.LedgerService/Credit\n\n`,
  );
}

function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });
}

function endAnyway(config: Config, log: ServerLog): void {
  setTimeout(() => {
    log.logger.error('the server did not stop in time');
    process.exit(EXIT_FAILED);
  }, config.shutdownTimeoutMs + STOP_GRACE_MS).unref();
}

function describe(error: unknown): string {
  const known = [ConfigError, StartError, SchemaError, EmbeddedPostgresError, WorkerError];
  if (known.some((type) => error instanceof type) && error instanceof Error) return error.message;
  if (error instanceof AggregateError) return error.errors.map(describe).join('; ');
  if (!(error instanceof Error)) return String(error);
  // Nobody but a programmer has a use for a stack.
  if (isProgramFault(error)) return error.stack ?? error.message;
  const said = error.message !== '' ? error.message : 'code' in error ? String(error.code) : error.name;
  return `cannot use the database: ${said}`;
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`ledger: ${describe(error)}\n`);
    process.exit(error instanceof ConfigError ? EXIT_USAGE : EXIT_FAILED);
  },
);
