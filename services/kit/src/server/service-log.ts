import { pino, type Logger } from 'pino';

/** How much log may wait in memory before it is written: a line per call must not cost a system call per call. */
const BUFFER_BYTES = 8 * 1024;
/** How long a line may wait. */
const FLUSH_INTERVAL_MS = 250;

/** One finished call. Never metadata values, amounts or secrets. */
export interface CallRecord {
  readonly method: string;
  readonly code: string;
  readonly reason?: string;
  readonly requestId?: string;
  readonly durationMs: number;
}

/** Where a service logs to: JSON lines on standard output. */
export interface ServiceLog {
  readonly logger: Logger;
  call(record: CallRecord): void;
  /** The cause of an error that is kept from the caller. */
  fault(message: string, error: unknown): void;
  /** Writes what waits in memory. */
  flush(): void;
}

/** Makes the log of the service of that name. */
export function createLog(service: string, level: string): ServiceLog {
  const destination = pino.destination({ dest: 1, sync: false, minLength: BUFFER_BYTES });
  const logger = pino({ level, base: { service } }, destination);
  setInterval(() => destination.flush(), FLUSH_INTERVAL_MS).unref();
  return {
    logger,
    call: (record) => logger.info(record, 'call'),
    fault: (message, error) => logger.error({ err: error }, message),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // Standard output is gone (a closed pipe): there is nobody left to read it.
      }
    },
  };
}
