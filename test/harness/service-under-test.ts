import { randomBytes } from 'node:crypto';
import type { CallRecord } from '@ledger/kit/rpc/call-log';
import { Environment, type Variables } from '@ledger/kit/server/environment';
import type { RunningServer } from '@ledger/kit/server/server';
import { createLog, type ServerLog } from '@ledger/kit/server/server-log';
import type { Config } from '../../services/ledger/src/config';
import { startLedger, type LedgerUnderTest } from './ledger-under-test';
import { openDatabase, type OpenDatabase } from './test-database';

/** A service in this process on a real ledger, with a database of its own. */
export interface ServiceUnderTest {
  readonly ledger: LedgerUnderTest;
  readonly address: string;
  /** The service's own database, which it made itself; there is none for a service that asks for none. */
  readonly database: OpenDatabase;
  readonly calls: readonly CallRecord[];
  /** Causes of INTERNAL and UNAVAILABLE. */
  readonly faults: readonly unknown[];
  /** Another server of the same service, on the same ledger and database unless these variables say otherwise. */
  startAnother(variables?: Variables): Promise<RunningServer>;
  dispose(): Promise<void>;
}

/**
 * Starts a ledger and a service on it, as its main does, on any port.
 *
 * @param start reads the settings that it needs from the environment
 */
export async function startService(
  start: (environment: Environment, log: ServerLog) => Promise<RunningServer>,
  overrides: Partial<Config> = {},
): Promise<ServiceUnderTest> {
  const ledger = await startLedger(1, overrides);
  const name = `service_${randomBytes(8).toString('hex')}`;
  const url = new URL(ledger.database.url);
  url.pathname = `/${name}`;
  const calls: CallRecord[] = [];
  const faults: unknown[] = [];
  const log: ServerLog = {
    ...createLog('silent', { service: 'test' }),
    call: (record) => calls.push(record),
    fault: (_message, error) => faults.push(error),
  };
  const own = {
    // No limit of the service ends what a test does on purpose, nor what a busy machine does slowly.
    ...{ TEST_LEDGER_TIMEOUT_MS: '600000', TEST_SHUTDOWN_TIMEOUT_MS: '600000' },
    TEST_STATEMENT_TIMEOUT_MS: '600000',
    LEDGER_ADDRESS: ledger.servers[0]?.address,
    TEST_LISTEN: '127.0.0.1:0',
    TEST_DATABASE_URL: url.href,
  };
  const startAnother = (variables: Variables = {}): Promise<RunningServer> =>
    start(new Environment({ ...own, ...variables }, 'TEST'), log);
  const service = await startAnother();
  return {
    ledger,
    calls,
    faults,
    address: service.address,
    database: openDatabase(url.href),
    startAnother,
    dispose: async () => {
      await service.stop();
      await ledger.database.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await ledger.dispose();
    },
  };
}
