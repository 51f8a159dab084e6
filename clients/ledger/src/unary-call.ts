import type { Metadata } from '@grpc/grpc-js';
import {
  type AttemptFailure,
  attemptFailure,
  callFailure,
  isFromServer,
  isReplay,
  isUnanswered,
} from './attempt-failure';
import { CallDeadline } from './call-deadline';
import type { CallOptions } from './call-options';
import { retryDelayMs } from './error-details';
import { LedgerError } from './ledger-error';
import { decideRetry } from './retry-decision';
import { retryWaitMs } from './retry-wait';
import { asIs, type Call, headersOf, onAbort, type Transport } from './transport';

/** A call with one response. */
export interface UnaryCall<Response> extends Call<Response> {
  readonly isWrite: boolean;
  /** The write's; undefined for reads. */
  readonly requestId: string | undefined;
}

/** What a call that succeeded ends with. */
export interface CallResult<Response> {
  readonly response: Response;
  /** Whether this is the stored response of an earlier attempt. */
  readonly replayed: boolean;
}

/**
 * Sends a call until an attempt succeeds, no retry can help, or its time or attempts are used up.
 *
 * @throws {LedgerError} and nothing else; also when it was aborted or the client is closed
 */
export async function callUnary<Response>(
  transport: Transport,
  call: UnaryCall<Response>,
  options: CallOptions,
): Promise<CallResult<Response>> {
  const { retry, clock } = transport;
  const { signal } = options;
  const { method, requestId, isWrite } = call;
  const deadline = new CallDeadline(clock, options.timeoutMs ?? transport.timeoutMs);
  const headers = headersOf(method, options);
  let attempts = 0;
  // Whether an attempt may have booked the write, and no later one has cleared that up.
  let outcomeUnknown = false;
  let failure: AttemptFailure | undefined;

  while (deadline.remainingMs() > 0 && signal?.aborted !== true && !transport.closed.aborted) {
    attempts += 1;
    const isLast = attempts >= retry.maxAttempts;
    const result = await attempt(transport, call, headers.clone(), deadline.attemptTimeoutMs(isLast), signal);
    if ('response' in result) return result;

    failure = result;
    const decision = decideRetry(failure.code, failure.details);
    const booking = failure.notSent ? 'not_booked' : decision.booking;
    outcomeUnknown = booking === 'unknown' || (outcomeUnknown && booking !== 'decided');
    if (!decision.retry || isLast) break;
    const waitMs = retryWaitMs(retry, attempts, retryDelayMs(failure.details), deadline.remainingMs());
    if (waitMs === undefined) break;
    await clock.sleep(waitMs, signal);
  }

  const reported = callFailure(failure, signal, transport.closed.aborted);
  throw new LedgerError({
    ...reported,
    method,
    requestId,
    attempts,
    outcomeUnknown: isWrite && outcomeUnknown,
  });
}

function attempt<Response>(
  { connections, clock }: Transport,
  call: Call<Response>,
  headers: Metadata,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<CallResult<Response> | AttemptFailure> {
  return new Promise((resolve) => {
    const connection = connections.current;
    const sentAtMs = connection.sends();
    let received: Metadata | undefined;
    const sent = connection.channel.makeUnaryRequest<Buffer, Response>(
      call.path,
      asIs,
      call.decode,
      call.bytes,
      headers,
      { deadline: clock.deadlineIn(timeoutMs) },
      (error, response) => {
        stopListening();
        if (error === null || isFromServer(error)) connection.hears();
        else if (isUnanswered(error)) connections.reportUnanswered(connection, sentAtMs);
        const replayed = received && isReplay(received);
        if (error !== null) resolve(attemptFailure(error, replayed));
        else if (response !== undefined) resolve({ response, replayed: replayed ?? false });
      },
    );
    sent.on('metadata', (metadata: Metadata) => {
      connection.hears();
      received = metadata;
    });
    const stopListening = onAbort(signal, () => {
      sent.cancel();
    });
  });
}
