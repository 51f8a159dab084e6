/** Everything that can be set, from the environment, parsed once. README lists it. */
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
  readonly workers: number;
  /** Batches that run at the same time. */
  readonly lanes: number;
  /** The most writes in one batch. */
  readonly batchMax: number;
  /** How long writes wait for their batch to fill, at most, while another one runs. */
  readonly gatherMs: number;
  /** The most writes that may wait. */
  readonly queueMax: number;
  /** The most writes of a BatchWrite in one database transaction. */
  readonly bulkBatchMax: number;
  /** The most writes of BatchWrites that may wait. */
  readonly bulkQueueMax: number;
  /** The longest that one statement of a batch may take. */
  readonly batchTimeoutMs: number;
  /** Connections for reads. */
  readonly readConnections: number;
  /** The longest that a read may take. */
  readonly readTimeoutMs: number;
  /** Rows of a system account. */
  readonly stripes: number;
  /** How long a superseded price is honoured. */
  readonly priceGraceMs: number;
  /** The longest that a stopping server waits for its calls. */
  readonly shutdownTimeoutMs: number;
  /** The largest request. */
  readonly messageMaxBytes: number;
  /** The largest response; that of a BatchWrite repeats its writes with their entries. */
  readonly responseMaxBytes: number;
  /** Calls at the same time on one connection. */
  readonly concurrentStreamsMax: number;
  /** How often the database is asked whether it is there, for the health service. */
  readonly healthIntervalMs: number;
  /** How often the database is asked for new entries while somebody watches. */
  readonly watchPollMs: number;
  /** The longest silence of a stream of entries. */
  readonly watchHeartbeatMs: number;
}

/** A setting that cannot be used; the message names the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
/** More would not fit a page token, and no server has so many lanes. */
const STRIPES_MAX = 64;

const WORKERS_MAX = 64;

/** Reads the environment. Throws ConfigError for the first value that cannot be used. */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  return {
    listen: address(env, 'LEDGER_LISTEN', '127.0.0.1:50051'),
    databaseUrl: postgresUrl(env, 'DATABASE_URL'),
    migrationDatabaseUrl: postgresUrl(env, 'MIGRATION_DATABASE_URL'),
    dataDir: text(env, 'LEDGER_DATA_DIR') ?? '.data',
    logLevel: oneOf(env, 'LEDGER_LOG_LEVEL', LOG_LEVELS, 'info'),
    workers: integer(env, 'LEDGER_WORKERS', 1, 1, WORKERS_MAX),
    lanes: integer(env, 'LEDGER_LANES', 2, 1, 32),
    batchMax: integer(env, 'LEDGER_BATCH_MAX', 128, 1, 10_000),
    gatherMs: integer(env, 'LEDGER_GATHER_MS', 50, 1, 10_000),
    queueMax: integer(env, 'LEDGER_QUEUE_MAX', 10_000, 1, 1_000_000),
    bulkBatchMax: integer(env, 'LEDGER_BULK_BATCH_MAX', 250, 1, 10_000),
    bulkQueueMax: integer(env, 'LEDGER_BULK_QUEUE_MAX', 100_000, 10_000, 10_000_000),
    batchTimeoutMs: integer(env, 'LEDGER_BATCH_TIMEOUT_MS', 10_000, 100, 600_000),
    readConnections: integer(env, 'LEDGER_READ_CONNECTIONS', 8, 1, 500),
    readTimeoutMs: integer(env, 'LEDGER_READ_TIMEOUT_MS', 10_000, 100, 600_000),
    stripes: integer(env, 'LEDGER_STRIPES', STRIPES_MAX, 1, STRIPES_MAX),
    priceGraceMs: integer(env, 'LEDGER_PRICE_GRACE_MS', 600_000, 0, 86_400_000),
    shutdownTimeoutMs: integer(env, 'LEDGER_SHUTDOWN_TIMEOUT_MS', 10_000, 100, 600_000),
    messageMaxBytes: integer(env, 'LEDGER_MESSAGE_MAX_BYTES', 4 * 1024 * 1024, 65_536, 64 * 1024 * 1024),
    responseMaxBytes: integer(
      env,
      'LEDGER_RESPONSE_MAX_BYTES',
      32 * 1024 * 1024,
      4 * 1024 * 1024,
      256 * 1024 * 1024,
    ),
    concurrentStreamsMax: integer(env, 'LEDGER_CONCURRENT_STREAMS_MAX', 1_024, 1, 1_000_000),
    healthIntervalMs: integer(env, 'LEDGER_HEALTH_INTERVAL_MS', 1_000, 10, 600_000),
    watchPollMs: integer(env, 'LEDGER_WATCH_POLL_MS', 20, 1, 60_000),
    watchHeartbeatMs: integer(env, 'LEDGER_WATCH_HEARTBEAT_MS', 10_000, 10, 600_000),
  };
}

type Environment = Readonly<Record<string, string | undefined>>;

function text(env: Environment, name: string): string | null {
  const value = env[name]?.trim();
  return value === undefined || value === '' ? null : value;
}

function integer(env: Environment, name: string, otherwise: number, least: number, most: number): number {
  const value = text(env, name);
  if (value === null) return otherwise;
  const number = Number(value);
  if (!/^[0-9]+$/.test(value) || number < least || number > most) {
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}, not "${value}"`);
  }
  return number;
}

function oneOf(env: Environment, name: string, values: readonly string[], otherwise: string): string {
  const value = text(env, name) ?? otherwise;
  if (!values.includes(value)) {
    throw new ConfigError(`${name} must be one of ${values.join(', ')}, not "${value}"`);
  }
  return value;
}

function address(env: Environment, name: string, otherwise: string): string {
  const value = text(env, name) ?? otherwise;
  const port = /^(?:\[[0-9a-fA-F:]+\]|[^:[\]\s]+):([0-9]{1,5})$/.exec(value)?.[1];
  if (port === undefined || Number(port) > 65_535) {
    throw new ConfigError(`${name} must be host:port, such as 127.0.0.1:50051, not "${value}"`);
  }
  return value;
}

function postgresUrl(env: Environment, name: string): string | null {
  const value = text(env, name);
  // The value is not repeated: it may hold a password.
  if (value !== null && !/^postgres(ql)?:\/\/./.test(value)) {
    throw new ConfigError(`${name} must be like postgres://user:password@host:5432/database`);
  }
  return value;
}
