import type { Metadata } from '@grpc/grpc-js';
import { Budget, waitMs } from './budget';
import type { CallOptions } from './call-options';
import { retryDelayMs } from './error-details';
import { endOf, type Failure, isReplay, readFailure } from './failure';
import { LedgerError } from './ledger-error';
import { asIs, type Call, headersOf, onAbort, pause, type Transport } from './transport';
import { judge } from './verdict';

/** A call with one answer. */
export interface UnaryCall<Response> extends Call<Response> {
  readonly isWrite: boolean;
  /** The write's; undefined for reads. */
  readonly requestId: string | undefined;
}

/** A response, and whether it was replayed. */
export interface Answer<Response> {
  readonly response: Response;
  readonly replayed: boolean;
}

/**
 * Sends a call until it is answered, cannot end otherwise, or its budget or attempts are used up.
 *
 * @throws {LedgerError} and nothing else; also when it was aborted or the client is closed
 */
export async function callUnary<Response>(
  transport: Transport,
  call: UnaryCall<Response>,
  options: CallOptions,
): Promise<Answer<Response>> {
  const { retry } = transport;
  const { signal } = options;
  const { method, requestId, isWrite } = call;
  const budget = new Budget(options.timeoutMs ?? transport.timeoutMs);
  const headers = headersOf(method, options);
  let attempts = 0;
  // Whether an attempt may have booked the write, and no later one has told.
  let unsettled = false;
  let failure: Failure | undefined;

  while (budget.leftMs() > 0 && signal?.aborted !== true && !transport.closed.aborted) {
    attempts += 1;
    const isLast = attempts >= retry.maxAttempts;
    const deadline = Date.now() + budget.attemptMs(isWrite && !isLast);
    const result = await attempt(transport, call, headers.clone(), deadline, signal);
    if ('response' in result) return result;

    failure = result;
    const verdict = judge(failure.code, failure.details);
    unsettled = verdict.booking === 'unknown' || (unsettled && verdict.booking !== 'decided');
    if (!verdict.retry || isLast) break;
    const pauseMs = waitMs(retry, attempts, retryDelayMs(failure.details), budget.leftMs());
    if (pauseMs === undefined) break;
    await pause(pauseMs, signal);
  }

  const end = endOf(failure, signal, transport.closed.aborted);
  throw new LedgerError({ ...end, method, requestId, attempts, outcomeUnknown: isWrite && unsettled });
}

function attempt<Response>(
  { channel }: Transport,
  call: Call<Response>,
  headers: Metadata,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Answer<Response> | Failure> {
  return new Promise((resolve) => {
    let replayed: boolean | undefined;
    const sent = channel.makeUnaryRequest<Buffer, Response>(
      call.path,
      asIs,
      call.decode,
      call.bytes,
      headers,
      { deadline },
      (error, response) => {
        stopListening();
        if (error !== null) resolve(readFailure(error, replayed));
        else if (response !== undefined) resolve({ response, replayed: replayed ?? false });
      },
    );
    sent.on('metadata', (received: Metadata) => {
      replayed = isReplay(received);
    });
    const stopListening = onAbort(signal, () => {
      sent.cancel();
    });
  });
}
