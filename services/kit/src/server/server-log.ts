import { pino, stdSerializers, type Logger } from 'pino';
import type { CallLog } from '../rpc/call-log';
import { shortened, TEXT_MAX_BYTES } from '../rpc/shortened';
import { RepeatedFaults } from './repeated-faults';

/** How much log may wait in memory before it is written: a line per call must not cost a system call per call. */
const BUFFER_BYTES = 3 * 1024;
/** What several processes write to one pipe without mixing, as long as no line is longer (PIPE_BUF in pipe(7)). */
const WRITE_BYTES = 4096;
/** How long a line may wait. */
const FLUSH_INTERVAL_MS = 250;

/** Where a server logs to: JSON lines on standard output. */
export interface ServerLog extends CallLog {
  readonly logger: Logger;
  /** Keeps errors that fail many calls or batches to one line and a count. */
  readonly faults: RepeatedFaults;
  /** Writes what waits in memory. */
  flush(): void;
}

/**
 * Makes the log. Each call is one line of level info; errors that are the caller's own are too.
 *
 * @param base what each line says, such as which of several servers this is
 */
export function createLog(level: string, base: Readonly<Record<string, unknown>> | null): ServerLog {
  const destination = pino.destination({
    dest: 1,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: WRITE_BYTES,
  });
  const logger = pino({ level, base, serializers: { err: shortenedError } }, destination);
  setInterval(() => destination.flush(), FLUSH_INTERVAL_MS).unref();
  const faults = new RepeatedFaults();
  return {
    logger,
    faults,
    call: (record) => logger.info(record, 'call'),
    fault: (message, error) => {
      faults.add(message, error, (err, count) => {
        logger.error(count === 1 ? { err } : { err, count }, message);
      });
    },
    flush: () => {
      faults.flush();
      try {
        destination.flushSync();
      } catch {
        // Standard output is gone (a closed pipe): there is nobody left to read it.
      }
    },
  };
}

/** An error with its causes, as pino writes it; a driver repeats what it was given, of any length. */
function shortenedError(error: Error): unknown {
  return shortenedTexts(stdSerializers.errWithCause(error));
}

function shortenedTexts(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value, TEXT_MAX_BYTES.loggedError);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shortenedTexts(each)]));
}
