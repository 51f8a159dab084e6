import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import type { CallLog } from '../rpc/call-log';
import { shortened, TEXT_MAX_BYTES } from '../rpc/shortened';
import { standardOutput, type LogOutput } from './log-output';
import { LogSink } from './log-sink';
import { RepeatedFaults } from './repeated-faults';

/** How much log may wait in memory while nobody takes it. */
const BUFFER_MAX_BYTES = 1024 * 1024;
/** The longest that the end of the process may wait for the log. */
const END_LIMIT_MS = 500;

/** Where a server logs to: JSON lines on standard output. */
export interface ServerLog extends CallLog {
  readonly logger: Logger;
  /** Keeps errors that fail many calls or batches to one line and a count. */
  readonly faults: RepeatedFaults;
  /** Begins to write what waits in memory. */
  flush(): void;
  /** Writes what waits in memory, as far as somebody takes it soon, and nothing after it: for the end of the process. */
  end(): void;
}

/**
 * Makes the log. Each call is one line of level info; errors that are the caller's own are too.
 *
 * @param base what each line says, such as which of several servers this is
 */
export function createLog(
  level: string,
  base: Readonly<Record<string, unknown>> | null,
  output: LogOutput = standardOutput(),
): ServerLog {
  const sink = new LogSink(output, {
    bufferMaxBytes: BUFFER_MAX_BYTES,
    endLimitMs: END_LIMIT_MS,
    onDropped: (lines) => logger.warn({ lines }, 'lines of this log were dropped: nobody took them'),
  });
  const logger: Logger = pino(
    {
      ...{ level, base, timestamp: stdTimeFunctions.isoTime },
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: shortenedError },
    },
    sink,
  );
  const faults = new RepeatedFaults();
  return {
    logger,
    faults,
    detailed: logger.isLevelEnabled('debug'),
    call: (record) => logger.info(record, 'call'),
    fault: (message, error) => {
      faults.add(message, error, (err, count) => {
        logger.error(count === 1 ? { err } : { err, count }, message);
      });
    },
    flush: () => sink.flush(),
    end: () => {
      faults.flush();
      sink.end();
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
