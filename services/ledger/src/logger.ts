import { createLog, type ServerLog } from '@ledger/kit/server/server-log';
import type { BatchFault } from './engine/batch-runner';

/** Where the ledger logs to. */
export interface LedgerLog extends ServerLog {
  batchFault(fault: BatchFault): void;
}

/**
 * Makes the log of a server.
 *
 * @param process which of several processes on one port this is; said in each line
 */
export function createLedgerLog(level: string, process?: number): LedgerLog {
  const log = createLog(level, process === undefined ? null : { process });
  return {
    ...log,
    batchFault: ({ error, ...fault }) => log.logger.warn({ err: error, ...fault }, 'a batch failed'),
  };
}
