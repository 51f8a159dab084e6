import { randomBytes } from 'node:crypto';
import { startServer, type RunningServer } from '@ledger/kit/server/server';
import { StartError } from '@ledger/kit/server/start-error';
import type { Config } from './config';
import { GroupCommit } from './engine/group-commit';
import { servedServices } from './handlers/services';
import type { LedgerLog } from './logger';
import { outcomeEncoder } from './mapping/outcome-encoder';
import { PageTokens } from './mapping/page-token';
import { BalanceReader } from './store/balance-reader';
import { migrate } from './store/migrate';
import { statementTransport } from './store/pg/statement-group';
import { incarnationsOf, LedgerAheadOfCluster } from './store/statements/ensure-incarnation';
import type { SessionLimits } from './store/statements/limit-session';
import { getOrCreateSecret } from './store/statements/get-or-create-secret';
import type { StoreSettings } from './store/pools';
import { SettledHorizon } from './store/settled-horizon';
import { Store } from './store/store';
import { watchedCells } from './store/watched-cell';

const PAGE_TOKEN_SECRET = 'page-token';
const SECRET_BYTES = 32;

/**
 * The composition root, which both main and the tests call. Migrates the database, connects and
 * listens. A stop finishes every write that was accepted, and answers it if its connection still stands.
 *
 * @param databaseUrl the database, embedded or not; nothing else differs
 */
export async function createLedgerServer(
  config: Config,
  databaseUrl: string,
  log: LedgerLog,
): Promise<RunningServer> {
  const migrated = await migrate({
    url: databaseUrl,
    migrationUrl: config.migrationDatabaseUrl ?? databaseUrl,
    cells: config.cells,
  });
  if (migrated.length > 0) log.logger.info({ migrations: migrated }, 'schema migrated');

  const store = await Store.open(storeSettings(config, databaseUrl));
  const secret = await startingSecret(store, log).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  return serve(config, { store, secret, log });
}

function storeSettings(config: Config, url: string): StoreSettings {
  return {
    url,
    // Two per batch worker (single and bulk writes), one for writes that wait for a lock, and one that replaces a broken
    // connection while it still closes.
    writers: 2 * config.batchWorkers + 2,
    readers: config.readConnections,
    balanceReaders: config.balanceConnections,
    verifiers: config.verificationsMax,
    readQueueMax: config.readQueueMax,
    batchTimeoutMs: config.batchTimeoutMs,
    readTimeoutMs: config.readTimeoutMs,
    readAttemptMs: config.readAttemptMs,
    healthTimeoutMs: config.healthTimeoutMs,
    healthWriteIntervalMs: config.healthWriteIntervalMs,
  };
}

function sessionLimits(config: Config): SessionLimits {
  return {
    lockTimeoutMs: config.lockTimeoutMs,
    idleTransactionTimeoutMs: config.idleBatchTimeoutMs,
    // Its statements may take long; that they go on for ever is the sign of a server that is frozen in their middle.
    transactionTimeoutMs: 2 * config.batchTimeoutMs,
    deadConnectionTimeoutMs: config.deadServerTimeoutMs,
  };
}

/**
 * The secret of page tokens: all servers of a database share it, so that a token of one is valid at another. Before that,
 * the incarnation of the database: streams of entries are read in one.
 */
function startingSecret(store: Store, log: LedgerLog): Promise<Buffer> {
  return store.write(async (connection) => {
    const statements = statementTransport(connection);
    const { cells } = store.placement;
    const incarnations = await incarnationsOf(connection, cells).catch(ledgerIsAhead);
    log.logger.info(
      {
        ...{ statements, cells: cells.length },
        incarnation: [...incarnations.values()].map(({ ordinal, nonce }) => `${ordinal}-${nonce}`).join(' '),
      },
      'how the statements of a batch are sent',
    );
    return getOrCreateSecret(connection, PAGE_TOKEN_SECRET, randomBytes(SECRET_BYTES));
  });
}

function ledgerIsAhead(error: unknown): never {
  if (error instanceof LedgerAheadOfCluster) throw new StartError(error.message, { cause: error });
  throw error;
}

interface Opened {
  readonly store: Store;
  readonly secret: Buffer;
  readonly log: LedgerLog;
}

function serve(config: Config, { store, secret, log }: Opened): Promise<RunningServer> {
  const commit = new GroupCommit({
    store,
    encoder: outcomeEncoder,
    batchWorkers: config.batchWorkers,
    batchMax: config.batchMax,
    lingerMs: config.lingerMs,
    queueMax: config.queueMax,
    queueMaxBytes: config.queueMaxBytes,
    queueTargetMs: config.queueTargetMs,
    bulkBatchMax: config.bulkBatchMax,
    bulkQueueMax: config.bulkQueueMax,
    stripes: config.stripes,
    priceGraceMicros: BigInt(config.priceGraceMs) * 1000n,
    openHoldsMax: config.openHoldsMax,
    lockWaitMs: config.lockWaitMs,
    lockWaitQueueMax: config.lockWaitQueueMax,
    sessionLimits: sessionLimits(config),
    onFault: (fault) => log.batchFault(fault),
  });
  const parts = {
    commit,
    store,
    balances: new BalanceReader({
      placement: store.placement,
      connections: config.balanceConnections,
      read: (work, deadline) => store.readBalances(work, deadline),
    }),
    verificationsMax: config.verificationsMax,
    watchesPerCallerMax: config.watchesPerCallerMax,
    horizon: new SettledHorizon(store, config.readTimeoutMs),
    tokens: new PageTokens(secret),
    streamWindow: config.streamWindow,
    batchLimits: { responseMaxBytes: config.responseMaxBytes, chunkMax: config.bulkBatchMax },
    placement: store.placement,
    watchedCells: watchedCells(store, {
      pollMs: config.watchPollMs,
      warnMs: config.watchLagWarnMs,
      onHeldBack: (fact) => log.streamsHeldBack(fact),
    }),
    heartbeatMs: config.watchHeartbeatMs,
    log,
  };
  return startServer({
    settings: {
      listen: config.listen,
      listenVariable: 'LEDGER_LISTEN',
      requestMaxBytes: config.messageMaxBytes,
      responseMaxBytes: config.responseMaxBytes,
      concurrentStreamsMax: config.concurrentStreamsMax,
      connections: config.connections,
      healthIntervalMs: config.healthIntervalMs,
      shutdownTimeoutMs: config.shutdownTimeoutMs,
    },
    log,
    services: (stopping) => servedServices({ ...parts, stopping }),
    ping: () => store.ping(),
    drain: () => commit.drain(),
    close: () => store.close(),
  });
}
