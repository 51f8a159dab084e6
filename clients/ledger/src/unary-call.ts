import { Metadata } from '@grpc/grpc-js';
import {
  type AttemptFailure,
  attemptFailure,
  callFailure,
  isFromServer,
  isReplay,
  isUnanswered,
  positionOf,
} from './attempt-failure';
import { CallDeadline } from './call-deadline';
import { attemptHeaders } from './call-headers';
import { CallObserver } from './call-hooks';
import type { CallOptions } from './call-options';
import { retryDelayMs } from './error-details';
import { LedgerError } from './ledger-error';
import { decideRetry } from './retry-decision';
import { retryWaitMs } from './retry-wait';
import { asIs, type Call, type CallResult, onAbort, type UnaryCall } from './call';
import type { Transport } from './transport';

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
  const isStopped = (): boolean => signal?.aborted === true || transport.closed.aborted;
  const observer = new CallObserver(transport.hooks, clock, call);
  let attempts = 0;
  // Whether an attempt may have booked the write, and no later one has cleared that up.
  let outcomeUnknown = false;
  let failure: AttemptFailure | undefined;

  // Metadata of its own cannot travel with others'.
  const lane = options.metadata === undefined ? transport.lanes.find((each) => each.takes(call)) : undefined;

  while (deadline.remainingMs() > 0 && !isStopped()) {
    const isLast = attempts + 1 >= retry.maxAttempts;
    observer.attemptStarts();
    let result = await lane?.attempt(call, deadline.attemptTimeoutMs(isLast), signal);
    if (result === undefined) {
      const ended = lane?.goesAlone();
      const limit = { clock, signal, timeoutMs: deadline.remainingMs() };
      const headers = await attemptHeaders(transport.headers, method, options.metadata, limit);
      if (!(headers instanceof Metadata)) failure = headers;
      else if (!isStopped()) {
        observer.attemptStarts();
        result = await attempt(transport, call, headers, deadline.attemptTimeoutMs(isLast), signal);
      }
      ended?.();
      if (result === undefined) break;
    }
    attempts += 1;
    observer.attemptEnds(attempts, 'response' in result ? undefined : result);
    if ('response' in result) {
      observer.callEnds(attempts);
      return result;
    }

    failure = result;
    const decision = decideRetry(failure.code, failure.details);
    const booking = failure.notSent ? 'not_booked' : decision.booking;
    outcomeUnknown = booking === 'unknown' || (outcomeUnknown && booking !== 'decided');
    if (!decision.retry || isLast || failure.isFinal === true) break;
    const waitMs = retryWaitMs(retry, attempts, retryDelayMs(failure.details), deadline.remainingMs());
    if (waitMs === undefined) break;
    await clock.sleep(waitMs, signal);
  }

  const reported = callFailure(failure, signal, transport.closed.aborted);
  const outcome = { requestId, attempts, outcomeUnknown: isWrite && outcomeUnknown };
  const error = new LedgerError({ ...reported, ...outcome, method });
  observer.callEnds(attempts, error);
  throw error;
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
        if (error !== null) resolve(attemptFailure(error, received));
        else if (response !== undefined) {
          const replayed = received !== undefined && isReplay(received);
          resolve({ response, replayed, position: received && positionOf(received) });
        }
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
