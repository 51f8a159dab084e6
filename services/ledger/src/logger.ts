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
    batchFault: ({ error, ...fault }) => {
      log.faults.add(`a batch failed: ${fault.action}`, error, (err, count) => {
        log.logger.warn(count === 1 ? { err, ...fault } : { err, ...fault, count }, 'a batch failed');
      });
    },
  };
}
