import type { handleServerStreamingCall, ServerWritableStream } from '@grpc/grpc-js';
import { wireCheck } from './wire-check';
import { contextOf, type CallContext, decodeRequest, type Decode } from './incoming-call';
import { CallError } from './call-error';
import type { CallResult } from './call-result';
import { callerLeft, resultOfError } from './error-policy';
import { codeName, grpcError, millisecondsSince, type CallSettings } from './unary';

/** One rpc with many answers: encoded messages, made as fast as the caller takes them. Errors as in a unary one. */
export interface ServerStreamMethod<Request> {
  readonly path: string;
  readonly decode: Decode<Request>;
  readonly run: (request: Request, context: CallContext) => AsyncIterable<Buffer>;
}

/** What the streams of a server share. */
export interface StreamSettings<Reason extends string> extends CallSettings<Reason> {
  /**
   * Aborted when the server stops: streams then end with STORE_UNAVAILABLE, whatever their generators do. What a
   * stalled reader has not taken yet still lies before that, and ends with its connection.
   */
  readonly stopping: AbortSignal;
}

type Call = ServerWritableStream<Buffer, Buffer>;

/**
 * The bridge from async generators to server streams of grpc-js. It asks for the next message only when the one before
 * has gone out (or waits in the few places of grpc-js's own buffer), so a slow reader slows its generator down.
 */
export function serverStreamHandler<Request, Reason extends string>(
  method: ServerStreamMethod<Request>,
  { log, errors, stopping }: StreamSettings<Reason>,
): handleServerStreamingCall<Buffer, Buffer> {
  const check = wireCheck(`/${method.path}`);
  return (call) => {
    const started = performance.now();
    const gone = new AbortController();
    const context = contextOf(call, gone.signal);
    const { peer } = context;
    let messages = 0;

    const end = (result: CallResult): void => {
      if (gone.signal.aborted) return;
      gone.abort();
      stopping.removeEventListener('abort', stop);
      if (result.code === 0) call.end();
      else if (!call.cancelled) call.emit('error', grpcError(result));
      log.call({
        method: method.path,
        code: codeName(result.code),
        reason: result.reason === '' ? undefined : result.reason,
        messages,
        durationMs: millisecondsSince(started),
        peer,
      });
    };
    const stop = (): void => end(resultOfError(serverStops(), errors, log));
    const send = async (): Promise<void> => {
      const request = decodeRequest(method.decode, call.request, check);
      for await (const message of method.run(request, context)) {
        if (gone.signal.aborted) return;
        messages += 1;
        if (!call.write(message)) await drained(call, gone.signal);
      }
    };

    call.on('cancelled', () => end(callerLeft(context.deadline)));
    if (stopping.aborted) {
      stop();
      return;
    }
    stopping.addEventListener('abort', stop);
    void send().then(
      () => end(finished),
      (error: unknown) => {
        // What fails because it was told to stop is no fault.
        if (!gone.signal.aborted) end(resultOfError(error, errors, log));
      },
    );
  };
}

const finished: CallResult = { code: 0, reason: '', bytes: Buffer.alloc(0), replayed: false };

/** What ends a stream when the server stops. */
export function serverStops(): CallError {
  return new CallError('STORE_UNAVAILABLE', 'the server is stopping');
}

/** Resolves when there is room again, or nobody left to need it. */
function drained(call: Call, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      call.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    call.on('drain', done);
    signal.addEventListener('abort', done);
  });
}
