import { connectionLimits } from '@ledger/kit/server/connection-limits';
import { ConfigError, Environment } from '@ledger/kit/server/environment';
import { parseConfig } from './config';

/** Every whole number that can be set, with its limits. */
const integers: readonly (readonly [name: string, min: number, max: number])[] = [
  ['LEDGER_BATCH_WORKERS', 1, 32],
  ['LEDGER_BATCH_MAX', 1, 10_000],
  ['LEDGER_QUEUE_MAX', 1, 1_000_000],
  ['LEDGER_BULK_BATCH_MAX', 1, 10_000],
  ['LEDGER_BULK_QUEUE_MAX', 10_000, 10_000_000],
  ['LEDGER_BATCH_TIMEOUT_MS', 100, 600_000],
  ['LEDGER_READ_CONNECTIONS', 1, 500],
  ['LEDGER_READ_TIMEOUT_MS', 100, 600_000],
  ['LEDGER_STRIPES', 1, 64],
  ['LEDGER_PRICE_GRACE_MS', 0, 86_400_000],
  ['LEDGER_SHUTDOWN_TIMEOUT_MS', 100, 600_000],
  ['LEDGER_MESSAGE_MAX_BYTES', 65_536, 67_108_864],
  ['LEDGER_RESPONSE_MAX_BYTES', 4_194_304, 268_435_456],
  ['LEDGER_CONCURRENT_STREAMS_MAX', 1, 1_000_000],
  ['LEDGER_HEALTH_INTERVAL_MS', 10, 600_000],
  ['LEDGER_WATCH_POLL_MS', 1, 60_000],
  ['LEDGER_WATCH_HEARTBEAT_MS', 10, 600_000],
  ['LEDGER_PROCESSES', 1, 64],
  ['LEDGER_LINGER_MS', 1, 10_000],
  ['LEDGER_BALANCE_CONNECTIONS', 2, 100],
  ['LEDGER_READ_QUEUE_MAX', 1, 1_000_000],
  ['LEDGER_READ_ATTEMPT_MS', 100, 600_000],
  ['LEDGER_VERIFICATIONS_MAX', 1, 100],
  ['LEDGER_HEALTH_TIMEOUT_MS', 10, 600_000],
  ['LEDGER_HEALTH_WRITE_INTERVAL_MS', 10, 3_600_000],
  ['LEDGER_WATCH_LAG_WARN_MS', 1, 3_600_000],
  ['LEDGER_LOCK_TIMEOUT_MS', 1, 600_000],
  ['LEDGER_LOCK_WAIT_MS', 0, 3_600_000],
  ['LEDGER_LOCK_WAIT_QUEUE_MAX', 1, 1_000_000],
  ['LEDGER_IDLE_BATCH_TIMEOUT_MS', 100, 600_000],
  ['LEDGER_DEAD_SERVER_TIMEOUT_MS', 1_000, 600_000],
  ['LEDGER_OPEN_HOLDS_MAX', 1, 1_000_000],
  ['LEDGER_QUEUE_MAX_BYTES', 1_048_576, 4_294_967_296],
  ['LEDGER_QUEUE_TARGET_MS', 10, 600_000],
  ['LEDGER_WATCHES_PER_CALLER_MAX', 1, 1_000_000],
  ['LEDGER_STREAM_WINDOW', 16, 100_000],
];

function expectRefused(name: string, value: string): void {
  const parse = (): unknown => parseConfig({ [name]: value });
  expect(parse).toThrow(ConfigError);
  expect(parse).toThrow(new RegExp(`^${name} must be `));
}

it('needs nothing set', () => {
  expect(parseConfig({})).toEqual({
    ...{ listen: '127.0.0.1:50051', databaseUrl: null, migrationDatabaseUrl: null, dataDir: '.data' },
    ...{
      logLevel: 'info',
      processes: 1,
      batchWorkers: 2,
      batchMax: 128,
      queueMax: 10_000,
      queueMaxBytes: 67_108_864,
      queueTargetMs: 2_000,
      batchTimeoutMs: 10_000,
    },
    ...{ readConnections: 8, readTimeoutMs: 10_000, cells: 1, stripes: 64, priceGraceMs: 600_000 },
    ...{ shutdownTimeoutMs: 10_000, messageMaxBytes: 4_194_304, concurrentStreamsMax: 256 },
    connections: connectionLimits(new Environment({}, '')),
    ...{ bulkBatchMax: 250, bulkQueueMax: 100_000, responseMaxBytes: 33_554_432 },
    ...{ healthIntervalMs: 1_000, watchPollMs: 20, watchHeartbeatMs: 10_000, lingerMs: 50 },
    watchLagWarnMs: 5_000,
    ...{ balanceConnections: 2, readQueueMax: 10_000, readAttemptMs: 1_000, verificationsMax: 2 },
    ...{ watchesPerCallerMax: 100, streamWindow: 1_024 },
    ...{ healthTimeoutMs: 1_000, healthWriteIntervalMs: 10_000 },
    ...{ lockTimeoutMs: 100, lockWaitMs: 5_000, lockWaitQueueMax: 10_000 },
    ...{ idleBatchTimeoutMs: 3_000, deadServerTimeoutMs: 10_000, openHoldsMax: 10_000 },
  });
});

it('takes what is empty or blank for not set', () => {
  const names = [...integers.map(([name]) => name), 'LEDGER_LISTEN', 'DATABASE_URL', 'LEDGER_LOG_LEVEL'];
  for (const blank of ['', '  ', '\t']) {
    expect(parseConfig(Object.fromEntries(names.map((name) => [name, blank])))).toEqual(parseConfig({}));
  }
});

it('reads each variable into its own setting', () => {
  const set = Object.fromEntries(integers.map(([name, min], index) => [name, String(min + index)]));
  const parsed = parseConfig({
    ...{ ...set, LEDGER_LISTEN: '0.0.0.0:1', LEDGER_DATA_DIR: '/data', LEDGER_LOG_LEVEL: 'debug' },
    ...{ LEDGER_RESETS_MAX: '7', LEDGER_CELLS: '2' },
    ...{ DATABASE_URL: 'postgres://a@db/x', MIGRATION_DATABASE_URL: 'postgresql://b@db/x' },
  });
  expect(parsed).toEqual({
    ...{ listen: '0.0.0.0:1', dataDir: '/data', logLevel: 'debug' },
    ...{ databaseUrl: 'postgres://a@db/x', migrationDatabaseUrl: 'postgresql://b@db/x' },
    ...{
      batchWorkers: 1,
      batchMax: 2,
      queueMax: 3,
      queueMaxBytes: 1_048_608,
      queueTargetMs: 43,
      bulkBatchMax: 4,
      bulkQueueMax: 10_004,
      batchTimeoutMs: 105,
    },
    ...{
      readConnections: 7,
      readTimeoutMs: 107,
      cells: 2,
      stripes: 9,
      priceGraceMs: 9,
      shutdownTimeoutMs: 110,
    },
    ...{ messageMaxBytes: 65_547, responseMaxBytes: 4_194_316, concurrentStreamsMax: 14 },
    connections: { ...connectionLimits(new Environment({}, '')), resetsMax: 7 },
    ...{ healthIntervalMs: 24, watchPollMs: 16, watchHeartbeatMs: 26, processes: 18, lingerMs: 19 },
    watchLagWarnMs: 26,
    ...{ balanceConnections: 21, readQueueMax: 21, readAttemptMs: 121, verificationsMax: 23 },
    ...{ healthTimeoutMs: 33, healthWriteIntervalMs: 34 },
    ...{ lockTimeoutMs: 27, lockWaitMs: 27, lockWaitQueueMax: 29 },
    ...{ idleBatchTimeoutMs: 129, deadServerTimeoutMs: 1_030, openHoldsMax: 32 },
    ...{ watchesPerCallerMax: 35, streamWindow: 51 },
  });
});

describe.each(integers)('%s', (name, min, max) => {
  it(`takes ${min} to ${max}`, () => {
    for (const value of [min, max]) expect(() => parseConfig({ [name]: ` ${value} ` })).not.toThrow();
  });

  it.each([
    ...[String(min - 1), String(max + 1), '-1', '1.5', '1e3', '0x10', 'many', '1 000', '1_000'],
    ...['99999999999999999999', 'NaN', 'Infinity', '+1', '１'],
  ])('refuses %j by its name', (value) => {
    expectRefused(name, value);
  });
});

describe('LEDGER_LISTEN', () => {
  it.each(['localhost:0', '[::1]:50051', '[::]:65535', 'ledger.internal:1', '0.0.0.0:80'])(
    'takes %s',
    (listen) => {
      expect(parseConfig({ LEDGER_LISTEN: listen }).listen).toBe(listen);
    },
  );

  it.each([
    ...['50051', ':50051', 'localhost', 'localhost:', 'localhost:port', 'localhost:65536', 'localhost:-1'],
    ...['::1:50051', '[::1]', 'http://localhost:50051', 'local host:50051', 'localhost:50051/'],
  ])('refuses %j by its name', (value) => {
    expectRefused('LEDGER_LISTEN', value);
  });
});

describe.each(['DATABASE_URL', 'MIGRATION_DATABASE_URL'])('%s', (name) => {
  it.each(['mysql://db/x', 'localhost:5432', 'postgres://', 'postgres:/db', 'http://db'])(
    'refuses %j by its name',
    (value) => {
      expectRefused(name, value);
    },
  );

  it('never shows the password in what it says', () => {
    const parse = (): unknown => parseConfig({ [name]: 'mysql://ledger:s3cret@db/x' });
    expect(parse).toThrow(/^(?!.*s3cret)/s);
  });
});

describe('LEDGER_LOG_LEVEL', () => {
  it.each(['verbose', 'INFO', 'warning', '30'])('refuses %j by its name', (value) => {
    expectRefused('LEDGER_LOG_LEVEL', value);
  });
});

it('makes 1 to 16 cells', () => {
  expect(parseConfig({ LEDGER_CELLS: '16' }).cells).toBe(16);
  expectRefused('LEDGER_CELLS', '17');
  expectRefused('LEDGER_CELLS', '0');
});
