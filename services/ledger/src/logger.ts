import { pino, type Logger } from 'pino';
import type { BatchFault } from './engine/batch-runner';
import type { CallLog } from './rpc/call-log';

/** How much log may wait in memory before it is written: a line per call must not cost a system call per call. */
const BUFFER_BYTES = 3 * 1024;
/** What several processes write to one pipe without mixing, as long as no line is longer (PIPE_BUF in pipe(7)). */
const WRITE_BYTES = 4096;
/** How long a line may wait. */
const FLUSH_INTERVAL_MS = 250;

/** Where the server logs to: JSON lines on standard output. */
export interface ServerLog extends CallLog {
  readonly logger: Logger;
  batchFault(fault: BatchFault): void;
  /** Writes what waits in memory. */
  flush(): void;
}

/**
 * Makes the log. Each call is one line of level info; errors that are the caller's own are too.
 *
 * @param worker which of several processes on one port this is; said in each line
 */
export function createLog(level: string, worker?: number): ServerLog {
  const destination = pino.destination({
    dest: 1,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: WRITE_BYTES,
  });
  const logger = pino({ level, base: worker === undefined ? null : { worker } }, destination);
  setInterval(() => destination.flush(), FLUSH_INTERVAL_MS).unref();
  return {
    logger,
    call: (record) => logger.info(record, 'call'),
    fault: (message, error) => logger.error({ err: error }, message),
    batchFault: ({ error, ...fault }) => logger.warn({ err: error, ...fault }, 'a batch failed'),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // Standard output is gone (a closed pipe): there is nobody left to read it.
      }
    },
  };
}
