import { connectionLimits } from '../server/connection-limits';
import { ConfigError, Environment } from '../server/environment';
import { databaseSettings, serviceSettings } from './service-settings';

const URL = 'postgres://user:secret@localhost/peepcoins';

it('has a default for everything but the database', () => {
  const environment = new Environment({ PEEPCOINS_DATABASE_URL: URL }, 'PEEPCOINS');
  expect({ ...serviceSettings(environment, '127.0.0.1:50052'), ...databaseSettings(environment) }).toEqual({
    listen: '127.0.0.1:50052',
    ledgerAddress: '127.0.0.1:50051',
    ledgerTimeoutMs: 5_000,
    logLevel: 'info',
    shutdownTimeoutMs: 10_000,
    healthIntervalMs: 1_000,
    concurrentStreamsMax: 1_024,
    connections: connectionLimits(new Environment({}, '')),
    databaseUrl: URL,
    databaseConnections: 8,
    statementTimeoutMs: 10_000,
  });
});

it('reads the variables of its own service, and the address of the ledger', () => {
  const variables = {
    ...{ LEDGER_ADDRESS: 'ledger:50051', PEEPCOINS_LISTEN: '[::]:1', PEEPCOINS_LOG_LEVEL: 'warn' },
    STOREFRONT_LISTEN: '0.0.0.0:2',
  };
  expect(serviceSettings(new Environment(variables, 'PEEPCOINS'), '127.0.0.1:0')).toMatchObject({
    ...{ listen: '[::]:1', ledgerAddress: 'ledger:50051', logLevel: 'warn' },
  });
});

it.each([
  ['TEST_LISTEN', 'somewhere', 'TEST_LISTEN must be host:port, such as 127.0.0.1:1, not "somewhere"'],
  ['TEST_LISTEN', 'host:65536', 'TEST_LISTEN must be host:port'],
  ['LEDGER_ADDRESS', 'http://ledger:1/', 'LEDGER_ADDRESS must be host:port'],
  ['TEST_LEDGER_TIMEOUT_MS', '9', 'TEST_LEDGER_TIMEOUT_MS must be a whole number from 10 to 600000, not "9"'],
  ['TEST_HEALTH_INTERVAL_MS', '1e3', 'TEST_HEALTH_INTERVAL_MS must be a whole number'],
  ['TEST_LOG_LEVEL', 'loud', 'TEST_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent'],
  ['TEST_DATABASE_URL', '', 'TEST_DATABASE_URL must be set, like postgres://'],
  ['TEST_DATABASE_URL', 'postgres://user:secret@host/', 'TEST_DATABASE_URL must be set'],
])('refuses %s=%j, and names it', (name, value, message) => {
  const environment = new Environment({ TEST_DATABASE_URL: URL, [name]: value }, 'TEST');
  const read = (): unknown => ({
    ...serviceSettings(environment, '127.0.0.1:1'),
    ...databaseSettings(environment),
  });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(message);
  expect(read).not.toThrow('secret');
});
