import { LedgerClient } from '@ledger/client';
import { AN_HOUR_MS } from './limits';
import { parseConfig, type Config } from '../../services/ledger/src/config';
import type { CallRecord } from '@ledger/kit/rpc/call-log';
import type { RunningServer } from '@ledger/kit/server/server';
import { createLedgerServer } from '../../services/ledger/src/app';
import type { StreamsHeldBack } from '../../services/ledger/src/store/stream-lag';
import { createLedgerLog, type LedgerLog } from '../../services/ledger/src/logger';

/** A server in this process, on a port of its own, with a client and what it logged. */
export interface TestServer extends RunningServer {
  readonly client: LedgerClient;
  readonly calls: CallRecord[];
  /** Causes of INTERNAL errors and of batches that failed. */
  readonly faults: unknown[];
  /** Warnings that streams of entries are held back. */
  readonly heldBack: StreamsHeldBack[];
}

/** No limit of the server ends what a test does on purpose, nor what a busy machine does slowly. */
const LONG_LIMITS = {
  batchTimeoutMs: 600_000,
  queueTargetMs: 600_000,
  concurrentStreamsMax: 1_024,
  lockTimeoutMs: 600_000,
  idleBatchTimeoutMs: 600_000,
  readTimeoutMs: 600_000,
  readAttemptMs: 600_000,
  shutdownTimeoutMs: 600_000,
};

/** Tests may send as much as they like at once. */
const TEST_VARIABLES = {
  LEDGER_LISTEN: '127.0.0.1:0',
  LEDGER_CALLS_MAX: '1000000',
  LEDGER_CALLS_IDLE: '1024',
};

/** Starts a server on a database, as main does. Several on one database are several servers. */
export async function startTestServer(
  databaseUrl: string,
  overrides: Partial<Config> = {},
): Promise<TestServer> {
  const config = { ...parseConfig(TEST_VARIABLES), ...LONG_LIMITS, ...overrides };
  const calls: CallRecord[] = [];
  const faults: unknown[] = [];
  const heldBack: StreamsHeldBack[] = [];
  const log: LedgerLog = {
    ...createLedgerLog('silent'),
    call: (record) => calls.push(record),
    fault: (_message, error) => faults.push(error),
    batchFault: (fault) => faults.push(fault),
    streamsHeldBack: (fact) => heldBack.push(fact),
  };
  const server = await createLedgerServer(config, databaseUrl, log);
  const client = new LedgerClient({ address: server.address, timeoutMs: AN_HOUR_MS });
  return {
    address: server.address,
    client,
    calls,
    faults,
    heldBack,
    stop: async () => {
      client.close();
      await server.stop();
    },
  };
}
