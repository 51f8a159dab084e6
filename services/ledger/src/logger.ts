import { createLog, type ServerLog } from '@ledger/kit/server/server-log';
import type { BatchFault } from './engine/batch-runner';
import { ClockBehind } from './engine/batch-transaction';
import type { StreamsHeldBack } from './store/stream-lag';

/** Where the ledger logs to. */
export interface LedgerLog extends ServerLog {
  batchFault(fault: BatchFault): void;
  streamsHeldBack(fact: StreamsHeldBack): void;
}

const HELD_BACK =
  'streams of entries wait for a transaction of another session: end that session, or let it commit';

/** Its state is not told to every role. */
const HIDDEN = '; GRANT pg_read_all_stats TO ledger_runtime shows what it does and since when';

/**
 * Makes the log of a server.
 *
 * @param process which of several processes on one port this is; said in each line
 */
export function createLedgerLog(level: string, process?: number): LedgerLog {
  const log = createLog(level, process === undefined ? null : { process });
  return {
    ...log,
    streamsHeldBack: ({ lagMs, blocker }) => {
      log.logger.warn({ lagMs, ...blocker }, `${HELD_BACK}${blocker?.state === null ? HIDDEN : ''}`);
    },
    batchFault: ({ error, ...fault }) => {
      log.faults.add(`a batch failed: ${fault.action}`, error, (err, count) => {
        const level = error instanceof ClockBehind ? 'error' : 'warn';
        log.logger[level](count === 1 ? { err, ...fault } : { err, ...fault, count }, 'a batch failed');
      });
    },
  };
}
