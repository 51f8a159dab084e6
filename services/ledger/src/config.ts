import { connectionLimits, type ConnectionLimits } from '@ledger/kit/server/connection-limits';
import { Environment, type Variables } from '@ledger/kit/server/environment';
import { STRIPES_PER_CELL } from './ledger/placement';

/** All settings, parsed once from the environment. README lists them. */
export interface Config {
  /** Where the server listens: host and port, port 0 for any. */
  readonly listen: string;
  /** The database of the servers; null: an embedded one. */
  readonly databaseUrl: string | null;
  /** The owner's connection for migrations; the servers' own unless set. */
  readonly migrationDatabaseUrl: string | null;
  /** Where the embedded Postgres keeps its data. */
  readonly dataDir: string;
  readonly logLevel: string;
  /** Server processes that share the port. */
  readonly processes: number;
  /** Batches that run at the same time. */
  readonly batchWorkers: number;
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** The longest that writes wait for their batch to fill while another one runs. */
  readonly lingerMs: number;
  /** The most single writes that may wait. */
  readonly queueMax: number;
  /** The most bytes of their requests. */
  readonly queueMaxBytes: number;
  /** The longest that a single write is let wait for its batch. */
  readonly queueTargetMs: number;
  /** The most writes of a BatchWrite in one database transaction. */
  readonly bulkBatchMax: number;
  /** The most writes of BatchWrites that may wait. */
  readonly bulkQueueMax: number;
  /** The most items of a WriteStream that may be out. */
  readonly streamWindow: number;
  /** The longest that one statement of a batch may take. */
  readonly batchTimeoutMs: number;
  /** The longest that an attempt waits for a lock that another session holds. */
  readonly lockTimeoutMs: number;
  /** The longest that a write waits for an account that another session holds. */
  readonly lockWaitMs: number;
  /** The most writes that may wait for such accounts. */
  readonly lockWaitQueueMax: number;
  /** How long a transaction of a server that does not go on may stay open before the database ends it. */
  readonly idleBatchTimeoutMs: number;
  /** How soon the database gives up a server that it cannot reach. */
  readonly deadServerTimeoutMs: number;
  /** Connections for reads. */
  readonly readConnections: number;
  /** Connections for balances as they are now, apart from those of other reads. */
  readonly balanceConnections: number;
  /** The most reads that may wait for a connection. */
  readonly readQueueMax: number;
  /** The longest that a read may take. */
  readonly readTimeoutMs: number;
  /** How long one connection may take before its read is tried once more, on another. */
  readonly readAttemptMs: number;
  /** Verifications that run at the same time, each with a connection. */
  readonly verificationsMax: number;
  /** Cells of a ledger that is made at the start; one that is there keeps its own. */
  readonly cells: number;
  /** Rows of a system account in each cell. */
  readonly stripes: number;
  /** The most open holds of an account. */
  readonly openHoldsMax: number;
  /** How long a superseded price is honoured. */
  readonly priceGraceMs: number;
  /** The longest that a stopping server waits for its calls. */
  readonly shutdownTimeoutMs: number;
  /** The largest request. */
  readonly messageMaxBytes: number;
  /** The largest response. That of a BatchWrite repeats its writes with their entries. */
  readonly responseMaxBytes: number;
  /** Calls at the same time on one connection. */
  readonly concurrentStreamsMax: number;
  /** What callers may hold, and for how long. */
  readonly connections: ConnectionLimits;
  /** How often the health service asks the database whether it takes writes. */
  readonly healthIntervalMs: number;
  /** The longest that the database may take to answer that. */
  readonly healthTimeoutMs: number;
  /** How often the health service makes the database write. */
  readonly healthWriteIntervalMs: number;
  /** Streams of entries of one caller. */
  readonly watchesPerCallerMax: number;
  /** How often the database is polled for new entries while somebody watches. */
  readonly watchPollMs: number;
  /** The longest time without a message on a stream of entries. */
  readonly watchHeartbeatMs: number;
  /** How far streams of entries may be held back before the log names the session that does it. */
  readonly watchLagWarnMs: number;
}

const MIB = 1024 * 1024;
/** A resume token has a position, and a page token of a system account its stripes, for each. */
const CELLS_MAX = 16;
const PROCESSES_MAX = 64;

/** Reads the environment. Throws ConfigError for the first value that cannot be used. */
export function parseConfig(variables: Variables): Config {
  const ledger = new Environment(variables, 'LEDGER');
  const shared = ledger.withPrefix('');
  return {
    listen: ledger.address('LISTEN', '127.0.0.1:50051'),
    databaseUrl: shared.postgresUrl('DATABASE_URL'),
    migrationDatabaseUrl: shared.postgresUrl('MIGRATION_DATABASE_URL'),
    dataDir: ledger.text('DATA_DIR') ?? '.data',
    logLevel: ledger.logLevel('LOG_LEVEL'),
    processes: ledger.integer('PROCESSES', 1, 1, PROCESSES_MAX),
    batchWorkers: ledger.integer('BATCH_WORKERS', 2, 1, 32),
    batchMax: ledger.integer('BATCH_MAX', 128, 1, 10_000),
    lingerMs: ledger.integer('LINGER_MS', 50, 1, 10_000),
    queueMax: ledger.integer('QUEUE_MAX', 10_000, 1, 1_000_000),
    queueMaxBytes: ledger.integer('QUEUE_MAX_BYTES', 64 * MIB, MIB, 4_096 * MIB),
    queueTargetMs: ledger.integer('QUEUE_TARGET_MS', 2_000, 10, 600_000),
    bulkBatchMax: ledger.integer('BULK_BATCH_MAX', 250, 1, 10_000),
    bulkQueueMax: ledger.integer('BULK_QUEUE_MAX', 100_000, 10_000, 10_000_000),
    streamWindow: ledger.integer('STREAM_WINDOW', 1_024, 16, 100_000),
    batchTimeoutMs: ledger.integer('BATCH_TIMEOUT_MS', 10_000, 100, 600_000),
    lockTimeoutMs: ledger.integer('LOCK_TIMEOUT_MS', 100, 1, 600_000),
    lockWaitMs: ledger.integer('LOCK_WAIT_MS', 5_000, 0, 3_600_000),
    lockWaitQueueMax: ledger.integer('LOCK_WAIT_QUEUE_MAX', 10_000, 1, 1_000_000),
    idleBatchTimeoutMs: ledger.integer('IDLE_BATCH_TIMEOUT_MS', 3_000, 100, 600_000),
    deadServerTimeoutMs: ledger.integer('DEAD_SERVER_TIMEOUT_MS', 10_000, 1_000, 600_000),
    readConnections: ledger.integer('READ_CONNECTIONS', 8, 1, 500),
    balanceConnections: ledger.integer('BALANCE_CONNECTIONS', 2, 2, 100),
    readQueueMax: ledger.integer('READ_QUEUE_MAX', 10_000, 1, 1_000_000),
    readTimeoutMs: ledger.integer('READ_TIMEOUT_MS', 10_000, 100, 600_000),
    readAttemptMs: ledger.integer('READ_ATTEMPT_MS', 1_000, 100, 600_000),
    verificationsMax: ledger.integer('VERIFICATIONS_MAX', 2, 1, 100),
    cells: ledger.integer('CELLS', 1, 1, CELLS_MAX),
    stripes: ledger.integer('STRIPES', STRIPES_PER_CELL, 1, STRIPES_PER_CELL),
    openHoldsMax: ledger.integer('OPEN_HOLDS_MAX', 10_000, 1, 1_000_000),
    priceGraceMs: ledger.integer('PRICE_GRACE_MS', 600_000, 0, 86_400_000),
    shutdownTimeoutMs: ledger.integer('SHUTDOWN_TIMEOUT_MS', 10_000, 100, 600_000),
    messageMaxBytes: ledger.integer('MESSAGE_MAX_BYTES', 4 * MIB, 65_536, 64 * MIB),
    responseMaxBytes: ledger.integer('RESPONSE_MAX_BYTES', 32 * MIB, 4 * MIB, 256 * MIB),
    concurrentStreamsMax: ledger.integer('CONCURRENT_STREAMS_MAX', 256, 1, 1_000_000),
    connections: connectionLimits(ledger),
    healthIntervalMs: ledger.integer('HEALTH_INTERVAL_MS', 1_000, 10, 600_000),
    healthTimeoutMs: ledger.integer('HEALTH_TIMEOUT_MS', 1_000, 10, 600_000),
    healthWriteIntervalMs: ledger.integer('HEALTH_WRITE_INTERVAL_MS', 10_000, 10, 3_600_000),
    watchesPerCallerMax: ledger.integer('WATCHES_PER_CALLER_MAX', 100, 1, 1_000_000),
    watchPollMs: ledger.integer('WATCH_POLL_MS', 20, 1, 60_000),
    watchHeartbeatMs: ledger.integer('WATCH_HEARTBEAT_MS', 10_000, 10, 600_000),
    watchLagWarnMs: ledger.integer('WATCH_LAG_WARN_MS', 5_000, 1, 3_600_000),
  };
}
