import cluster from 'node:cluster';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '@ledger/embedded-postgres/embedded-postgres';
import { createLogin } from '@ledger/embedded-postgres/create-login';
import { EXIT_CODES, type ExitCode } from '@ledger/kit/server/exit-code';
import { firstLine } from '@ledger/kit/server/first-line';
import { serveUntilStopped } from '@ledger/kit/server/program';
import type { RunningServer } from '@ledger/kit/server/server';
import { createLedgerServer } from '../app';
import { parseConfig, type Config } from '../config';
import { createLedgerLog, type LedgerLog } from '../logger';
import { reportListening, startServerProcesses } from '../server-processes';
import { migrate } from '../store/migrate';
import { expectNoArguments, type CommandContext } from './command';

/** How long a stop may take beyond the server's own limit before the process exits. */
const STOP_GRACE_MS = 15_000;

/** The same for a server process of this one, before it is killed. Shorter, so that this process sees it end. */
const PROCESS_GRACE_MS = 10_000;

/** Serves until SIGTERM or SIGINT, on the Postgres of DATABASE_URL or on an embedded one. */
export async function serveCommand(
  args: readonly string[],
  { env, stderr }: CommandContext,
): Promise<ExitCode> {
  expectNoArguments('serve', args);
  const config = parseConfig(env);
  const log = createLedgerLog(config.logLevel, cluster.worker?.id);
  log.logger.info(firstLine(config), 'starting');
  await serveUntilStopped({
    log,
    start: () => startWithPostgres(config, log),
    onListening: ({ address, url, embedded }) => {
      log.logger.info({ address, embedded: embedded !== null }, 'listening');
      if (cluster.isWorker) reportListening(address);
      else stderr.write(greeting(address, url, embedded));
    },
    stopLimitMs: config.shutdownTimeoutMs + STOP_GRACE_MS,
  });
  return EXIT_CODES.ok;
}

/** The user that servers connect to an embedded Postgres as. */
const SERVER_LOGIN = 'ledger_server';

interface ServerWithPostgres extends RunningServer {
  /** Its database. */
  readonly url: string;
  /** The Postgres that it brought; null when it uses another one. */
  readonly embedded: EmbeddedPostgres | null;
}

/** The server, and first its Postgres unless there is one; they stop in the opposite order. */
async function startWithPostgres(config: Config, log: LedgerLog): Promise<ServerWithPostgres> {
  const url = config.databaseUrl;
  if (url !== null) return { ...(await start(config, url, log)), url, embedded: null };
  const embedded = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    log: (message, fields) => log.logger.info({ ...fields }, message),
  });
  try {
    // The superuser makes the schema. Servers log in as a role that owns nothing.
    const url = await createLogin(embedded.url, SERVER_LOGIN);
    const migrations = await migrate({ url, migrationUrl: embedded.url, cells: config.cells });
    log.logger.info({ migrations }, 'schema up to date');
    const server = await start({ ...config, migrationDatabaseUrl: null }, url, log);
    const stop = (): Promise<void> => server.stop().finally(() => embedded.stop());
    return { address: server.address, url: embedded.url, embedded, stop };
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

/** The server in this process, or in several child processes. */
async function start(config: Config, url: string, log: LedgerLog): Promise<RunningServer> {
  const { processes: count, shutdownTimeoutMs } = config;
  if (count === 1 || cluster.isWorker) return createLedgerServer(config, url, log);
  const processes = await startServerProcesses({
    count,
    env: { DATABASE_URL: url, MIGRATION_DATABASE_URL: config.migrationDatabaseUrl ?? '' },
    log: log.logger,
  });
  return { address: processes.address, stop: () => processes.stop(shutdownTimeoutMs + PROCESS_GRACE_MS) };
}

/** For the person who started it; standard output carries the log. */
function greeting(address: string, url: string, embedded: EmbeddedPostgres | null): string {
  const { host, pathname, searchParams } = new URL(url);
  // Not the whole URL: it may hold a password.
  const place = `${host === '' ? (searchParams.get('host') ?? 'localhost') : host}${pathname}`;
  const database =
    embedded === null ? `the Postgres at ${place}` : `its own Postgres, data in ${embedded.dataDir}`;
  return (
    `\nledger listens on ${address} with ${database}\n` +
    `try:  npx buf curl --http2-prior-knowledge --protocol grpc \\\n` +
    `        -d '{"request_id":"first-1","user_id":"lucas","asset":"PEEP","amount":100}' \\\n` +
    `        http://${address}/ledger.v1.LedgerService/Credit\n\n`
  );
}
