import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from './limits';
import { parseConfig, type Config } from '../../services/ledger/src/config';
import { createLog, type ServerLog } from '../../services/ledger/src/logger';
import type { CallRecord } from '../../services/ledger/src/rpc/call-log';
import { createLedgerServer, type LedgerServer } from '../../services/ledger/src/app';

/** A server in this process, on a port of its own, with a client and what it logged. */
export interface TestServer extends LedgerServer {
  readonly client: LedgerClient;
  readonly calls: CallRecord[];
  /** Causes of INTERNAL errors and of batches that failed. */
  readonly faults: unknown[];
}

/** No limit of the server ends what a test does on purpose, nor what a busy machine does slowly. */
const LONG_LIMITS = { batchTimeoutMs: 600_000, readTimeoutMs: 600_000, shutdownTimeoutMs: 600_000 };

/** Starts a server on a database, as main does. Several on one database are several servers. */
export async function startTestServer(
  databaseUrl: string,
  overrides: Partial<Config> = {},
): Promise<TestServer> {
  const config = { ...parseConfig({ LEDGER_LISTEN: '127.0.0.1:0' }), ...LONG_LIMITS, ...overrides };
  const calls: CallRecord[] = [];
  const faults: unknown[] = [];
  const log: ServerLog = {
    ...createLog('silent'),
    call: (record) => calls.push(record),
    fault: (_message, error) => faults.push(error),
    batchFault: (fault) => faults.push(fault),
  };
  const server = await createLedgerServer(config, databaseUrl, log);
  const client = new LedgerClient({ address: server.address, timeoutMs: AN_HOUR_MS });
  return {
    address: server.address,
    client,
    calls,
    faults,
    stop: async () => {
      client.close();
      await server.stop();
    },
  };
}
