import type { Client, ClientReadableStream, Metadata, ServiceError } from '@grpc/grpc-js';
import {
  type AttemptFailure,
  attemptFailure,
  callFailure,
  isFromServer,
  isUnanswered,
  silentStream,
} from './attempt-failure';
import { CallDeadline } from './call-deadline';
import type { CallOptions } from './call-options';
import { retryDelayMs } from './error-details';
import { LedgerError } from './ledger-error';
import { decideRetry } from './retry-decision';
import { retryWaitMs } from './retry-wait';
import { SilenceLimit } from './silence-limit';
import { asIs, type Call, headersOf, onAbort, type Transport } from './transport';

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
  const { retry, clock, closed, connections } = transport;
  const { signal } = options;
  const isStopped = (): boolean => signal?.aborted === true || closed.aborted;
  const deadline = new CallDeadline(clock, options.timeoutMs ?? Infinity);
  const headers = headersOf(call.method, options);
  let { bytes } = call;
  let attempts = 0;
  let failure: AttemptFailure | undefined;

  while (deadline.remainingMs() > 0 && !isStopped()) {
    attempts += 1;
    let last: Response | undefined;
    const connection = connections.current;
    const sentAtMs = connection.sends();
    const attemptDeadline = clock.deadlineIn(deadline.remainingMs());
    const stream = open(connection.channel, call, bytes, headers.clone(), attemptDeadline);
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
        attempts = 1;
        last = response;
        yield response;
        // What has arrived already is not delivered any more.
        if (isStopped()) break;
      }
      if (!isStopped()) return;
      break;
    } catch (error) {
      if (!isServiceError(error)) throw error;
      if (isFromServer(error)) connection.hears();
      else if (isUnanswered(error)) connections.reportUnanswered(connection, sentAtMs);
      failure = silent ?? attemptFailure(error);
    } finally {
      silence.stop();
      for (const stop of stopListening) stop();
      cancel();
    }

    const next = last === undefined ? bytes : call.resumeAfter(last);
    if (next === undefined || attempts >= retry.maxAttempts) break;
    if (!decideRetry(failure.code, failure.details).retry) break;
    bytes = next;
    const waitMs = retryWaitMs(retry, attempts, retryDelayMs(failure.details), deadline.remainingMs());
    if (waitMs === undefined) break;
    await clock.sleep(waitMs, signal);
  }

  throw new LedgerError({ ...callFailure(failure, signal, closed.aborted), method: call.method, attempts });
}

function open<Response>(
  channel: Client,
  { path, decode }: Call<Response>,
  bytes: Buffer,
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
