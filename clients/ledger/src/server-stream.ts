import { type Client, type ClientReadableStream, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  type AttemptFailure,
  attemptFailure,
  callFailure,
  isFromServer,
  isUnanswered,
  localFailure,
  silentStream,
} from './attempt-failure';
import { CallDeadline } from './call-deadline';
import { attemptHeaders } from './call-headers';
import { CallObserver } from './call-hooks';
import type { CallOptions } from './call-options';
import { retryDelayMs } from './error-details';
import { LedgerError } from './ledger-error';
import { decideRetry } from './retry-decision';
import { retryWaitMs } from './retry-wait';
import { SilenceLimit } from './silence-limit';
import { asIs, type Call, onAbort } from './call';
import type { Transport } from './transport';

/** A call with many responses. */
export interface StreamCall<Response> extends Call<Response> {
  /** The request that continues after a response; undefined when the call cannot be resumed. */
  readonly resumeAfter: (last: Response) => Buffer | undefined;
  /** The longest that nothing may come while somebody reads; Infinity without a limit. */
  readonly silenceLimitMs: number;
}

/**
 * Reads a stream, and opens it again where it broke or fell silent when the call can be resumed. The attempts of the retry
 * policy count from the last response on. Leaving the loop cancels the stream.
 *
 * @throws {LedgerError} and nothing else; also when it was aborted or the client is closed
 */
export async function* readStream<Response>(
  transport: Transport,
  call: StreamCall<Response>,
  options: CallOptions,
): AsyncGenerator<Response, void, undefined> {
  const { retry, clock, closed } = transport;
  const { signal } = options;
  const isStopped = (): boolean => signal?.aborted === true || closed.aborted;
  const deadline = new CallDeadline(clock, options.timeoutMs ?? Infinity);
  const observer = new CallObserver(transport.hooks, clock, call);
  let { bytes } = call;
  let attempts = 0;
  let failure: AttemptFailure | undefined;
  let error: LedgerError | undefined;

  try {
    while (deadline.remainingMs() > 0 && !isStopped()) {
      const limit = { clock, signal, timeoutMs: Math.min(deadline.remainingMs(), transport.timeoutMs) };
      const headers = await attemptHeaders(transport.headers, call.method, options.metadata, limit);
      if (!(headers instanceof Metadata)) failure = headers;
      if (!(headers instanceof Metadata) || isStopped()) break;
      attempts += 1;
      observer.attemptStarts();
      let last: Response | undefined;
      const received = (response: Response): void => {
        attempts = 1;
        last = response;
      };
      const remainingMs = deadline.remainingMs();
      failure = yield* readAttempt(transport, { ...call, bytes }, headers, remainingMs, signal, received);
      observer.attemptEnds(attempts, failure);
      if (failure === undefined) return;

      const next = last === undefined ? bytes : call.resumeAfter(last);
      if (next === undefined || attempts >= retry.maxAttempts || isStopped()) break;
      if (!decideRetry(failure.code, failure.details).retry) break;
      bytes = next;
      const waitMs = retryWaitMs(retry, attempts, retryDelayMs(failure.details), deadline.remainingMs());
      if (waitMs === undefined) break;
      await clock.sleep(waitMs, signal);
    }
    const { method } = call;
    error = new LedgerError({ ...callFailure(failure, signal, closed.aborted), method, attempts });
    throw error;
  } finally {
    // Also when the reader leaves.
    observer.callEnds(attempts, error);
  }
}

/** Reads one stream. The result is what broke it, or undefined when it ended. */
async function* readAttempt<Response>(
  { connections, clock, closed }: Transport,
  call: StreamCall<Response>,
  headers: Metadata,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  received: (response: Response) => void,
): AsyncGenerator<Response, AttemptFailure | undefined, undefined> {
  const connection = connections.current;
  const sentAtMs = connection.sends();
  const stream = open(connection.channel, call, headers, clock.deadlineIn(timeoutMs));
  const cancel = (): void => {
    stream.cancel();
  };
  let silent: AttemptFailure | undefined;
  const silence = new SilenceLimit(clock, call.silenceLimitMs, (sinceMs) => {
    silent = silentStream(call.silenceLimitMs);
    connections.reportUnanswered(connection, sinceMs);
    cancel();
  });
  const stopListening = [onAbort(signal, cancel), onAbort(closed, cancel)];
  try {
    const responses: AsyncIterable<Response> = stream;
    for await (const response of silence.follow(responses)) {
      connection.hears();
      received(response);
      yield response;
      // What has arrived already is not delivered any more.
      if (signal?.aborted === true || closed.aborted) return localFailure(status.CANCELLED, 'stopped');
    }
    return undefined;
  } catch (error) {
    if (!isServiceError(error)) throw error;
    if (isFromServer(error)) connection.hears();
    else if (isUnanswered(error)) connections.reportUnanswered(connection, sentAtMs);
    return silent ?? attemptFailure(error);
  } finally {
    silence.stop();
    for (const stop of stopListening) stop();
    cancel();
  }
}

function open<Response>(
  channel: Client,
  { path, decode, bytes }: Call<Response>,
  headers: Metadata,
  deadline: number,
): ClientReadableStream<Response> {
  const stream = channel.makeServerStreamRequest<Buffer, Response>(path, asIs, decode, bytes, headers, {
    deadline,
  });
  // The iterator reports the error. One that comes when nobody reads any more must not end the process.
  stream.on('error', () => undefined);
  return stream;
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
}
