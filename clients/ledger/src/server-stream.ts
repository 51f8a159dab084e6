import type { ClientReadableStream, Metadata, ServiceError } from '@grpc/grpc-js';
import { Budget, waitMs } from './budget';
import type { CallOptions } from './call-options';
import { retryDelayMs } from './error-details';
import { endOf, type Failure, readFailure } from './failure';
import { LedgerError } from './ledger-error';
import { asIs, type Call, headersOf, onAbort, pause, type Transport } from './transport';
import { judge } from './verdict';

/** A call with many answers. */
export interface StreamCall<Response> extends Call<Response> {
  /** The request that continues after an answer; undefined when nothing can. */
  readonly resumeAfter: (last: Response) => Buffer | undefined;
}

/**
 * Reads a stream, and opens it again where it broke when the call can be resumed. The attempts of the retry
 * policy count from the last answer on. Leaving the loop cancels the stream.
 *
 * @throws {LedgerError} and nothing else; also when it was aborted or the client is closed
 */
export async function* readStream<Response>(
  transport: Transport,
  call: StreamCall<Response>,
  options: CallOptions,
): AsyncGenerator<Response, void, undefined> {
  const { retry, closed } = transport;
  const { signal } = options;
  const isStopped = (): boolean => signal?.aborted === true || closed.aborted;
  const budget = new Budget(options.timeoutMs ?? Infinity);
  const headers = headersOf(call.method, options);
  let { bytes } = call;
  let attempts = 0;
  let failure: Failure | undefined;

  while (budget.leftMs() > 0 && !isStopped()) {
    attempts += 1;
    let last: Response | undefined;
    const stream = open(transport, call, bytes, headers.clone(), Date.now() + budget.leftMs());
    const cancel = (): void => {
      stream.cancel();
    };
    const stopListening = [onAbort(signal, cancel), onAbort(closed, cancel)];
    try {
      const answers: AsyncIterable<Response> = stream;
      for await (const answer of answers) {
        attempts = 1;
        last = answer;
        yield answer;
        // What has arrived already is not delivered any more.
        if (isStopped()) break;
      }
      if (!isStopped()) return;
      break;
    } catch (error) {
      if (!isServiceError(error)) throw error;
      failure = readFailure(error);
    } finally {
      for (const stop of stopListening) stop();
      cancel();
    }

    const next = last === undefined ? bytes : call.resumeAfter(last);
    if (next === undefined || attempts >= retry.maxAttempts) break;
    if (!judge(failure.code, failure.details).retry) break;
    bytes = next;
    const pauseMs = waitMs(retry, attempts, retryDelayMs(failure.details), budget.leftMs());
    if (pauseMs === undefined) break;
    await pause(pauseMs, signal);
  }

  throw new LedgerError({ ...endOf(failure, signal, closed.aborted), method: call.method, attempts });
}

function open<Response>(
  { channel }: Transport,
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
