import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { Server, ServerCredentials, setLogger } from '@grpc/grpc-js';
import { GroupCommit } from './engine/group-commit';
import type { Config } from './config';
import type { ServerLog } from './logger';
import { addReflection } from './rpc/reflection';
import { Health, HEALTH_SERVICE } from './rpc/health';
import { outcomeEncoder } from './mapping/outcome-encoder';
import { PageTokens } from './mapping/page-token';
import { servedServices } from './handlers/services';
import { tabulateStreams } from './rpc/stream-table';
import { BalanceReader } from './store/balance-reader';
import { ChangeSignal } from './store/change-signal';
import { migrate } from './store/migrate';
import { shareSecret } from './store/statements/get-or-create-secret';
import { Store } from './store/store';

/** A server that listens. */
export interface LedgerServer {
  /** Host and the port it got. */
  readonly address: string;
  /**
   * Stops: NOT_SERVING first, then no new calls, the end of streams, and then of the calls that run, at most for the
   * shutdown timeout.
   * Every write that was accepted is finished, and answered if its connection still stands.
   */
  stop(): Promise<void>;
}

/** A server that could not be started; the message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

const PAGE_TOKEN_SECRET = 'page-token';
const SECRET_BYTES = 32;

/**
 * The one place where the parts are joined; main and the tests both call it. Migrates the database, connects and
 * listens.
 *
 * @param databaseUrl the database, embedded or not: nothing else differs
 */
export async function createLedgerServer(
  config: Config,
  databaseUrl: string,
  log: ServerLog,
): Promise<LedgerServer> {
  const migrated = await migrate({
    url: databaseUrl,
    migrationUrl: config.migrationDatabaseUrl ?? databaseUrl,
  });
  if (migrated.length > 0) log.logger.info({ migrations: migrated }, 'schema migrated');

  const store = await Store.open({
    url: databaseUrl,
    // Two per lane, its own and that of bulk writes, and one to replace a broken one while it still closes.
    writers: 2 * config.lanes + 1,
    readers: config.readConnections,
    batchTimeoutMs: config.batchTimeoutMs,
    readTimeoutMs: config.readTimeoutMs,
  });
  try {
    return await serve(config, store, log);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(config: Config, store: Store, log: ServerLog): Promise<LedgerServer> {
  // gRPC would write to standard error by itself.
  setLogger({ error: (message) => log.logger.warn({ message }, 'grpc') });
  const secret = await store.write((connection) =>
    shareSecret(connection, PAGE_TOKEN_SECRET, randomBytes(SECRET_BYTES)),
  );
  const commit = new GroupCommit({
    store,
    encoder: outcomeEncoder,
    lanes: config.lanes,
    batchMax: config.batchMax,
    gatherMs: config.gatherMs,
    queueMax: config.queueMax,
    bulkBatchMax: config.bulkBatchMax,
    bulkQueueMax: config.bulkQueueMax,
    stripes: config.stripes,
    priceGraceMicros: BigInt(config.priceGraceMs) * 1000n,
    onFault: (fault) => log.batchFault(fault),
  });
  const stopping = new AbortController();
  // Every stream listens: no leak to warn of.
  setMaxListeners(0, stopping.signal);
  const services = servedServices({
    commit,
    store,
    balances: new BalanceReader(store),
    tokens: new PageTokens(secret),
    // A chunk that is under way when the limit is reached has room still.
    batchAnswerMaxBytes: Math.floor(config.responseMaxBytes / 2),
    changes: new ChangeSignal(store, config.watchPollMs),
    heartbeatMs: config.watchHeartbeatMs,
    stopping: stopping.signal,
    log,
  });
  const names = services.map((service) => service.name);
  const health = new Health(
    ['', ...names],
    () => store.ping(),
    config.healthIntervalMs,
    (serving) => log.logger.info({ serving }, 'health'),
  );

  const server = new Server({
    'grpc.max_receive_message_length': config.messageMaxBytes,
    'grpc.max_send_message_length': config.responseMaxBytes,
    'grpc.max_concurrent_streams': config.concurrentStreamsMax,
  });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  health.addToServer(server);
  addReflection(server, [...names, HEALTH_SERVICE]);

  const address = await bind(server, config.listen);
  tabulateStreams(server);
  await health.start();
  return { address, stop: () => stop({ config, server, health, stopping, commit, store, log }) };
}

function bind(server: Server, listen: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`${listen.slice(0, listen.lastIndexOf(':'))}:${port}`);
      else
        reject(
          new StartError(`cannot listen on ${listen} (LEDGER_LISTEN): ${error.message}`, { cause: error }),
        );
    });
  });
}

interface Running {
  readonly config: Config;
  readonly server: Server;
  readonly health: Health;
  readonly stopping: AbortController;
  readonly commit: GroupCommit;
  readonly store: Store;
  readonly log: ServerLog;
}

async function stop({ config, server, health, stopping, commit, store, log }: Running): Promise<void> {
  health.stop();
  const limit = deadline(config.shutdownTimeoutMs);
  const closed = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  stopping.abort();
  const inTime = await Promise.race([closed.then(() => true), limit.passed.then(() => false)]);
  limit.cancel();
  if (!inTime) log.logger.warn('calls still ran after the shutdown timeout');
  // Also when callers are gone: what was accepted is finished.
  await commit.drain();
  server.forceShutdown();
  await store.close();
}

function deadline(ms: number): { passed: Promise<void>; cancel: () => void } {
  let cancel = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    cancel = () => clearTimeout(timer);
  });
  return { passed, cancel };
}
