import type { BinaryReader } from '@bufbuild/protobuf/wire';
import { status as GrpcCode, type handleServerStreamingCall, type ServerWritableStream } from '@grpc/grpc-js';
import { Rejection } from '../engine/answer';
import type { CallLog } from './call-log';
import { contextOf, decode, endingOfError, serviceError, type CallContext, type Ending } from './unary';

/** What a streaming handler may ask of its call. */
export interface StreamContext extends CallContext {
  /** Aborted when nobody waits for more: the caller left, its deadline passed, or the server stops. */
  readonly signal: AbortSignal;
}

/** One rpc with many answers: encoded messages, made as fast as the caller takes them. Errors as in a unary one. */
export interface ServerStreamMethod<Request> {
  readonly path: string;
  readonly decode: (bytes: BinaryReader) => Request;
  readonly run: (request: Request, context: StreamContext) => AsyncIterable<Buffer>;
}

type Call = ServerWritableStream<Buffer, Buffer>;

/**
 * The bridge between async generators and grpc-js. It asks for the next message only when the one before has gone
 * out (or waits in the few places of grpc-js's own buffer), so a slow reader slows its generator down.
 *
 * @param stopping aborted when the server stops: streams then end with UNAVAILABLE, whatever their generators do.
 * What a stalled reader has not taken yet still lies before that, and ends with its connection.
 */
export function serverStreamHandler<Request>(
  method: ServerStreamMethod<Request>,
  log: CallLog,
  stopping: AbortSignal,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    const started = performance.now();
    const gone = new AbortController();
    let messages = 0;

    const end = (ending: Ending): void => {
      if (gone.signal.aborted) return;
      gone.abort();
      stopping.removeEventListener('abort', stop);
      if (ending.code === GrpcCode.OK) call.end();
      else if (!call.cancelled) call.emit('error', serviceError(ending));
      log.call({
        method: method.path,
        code: GrpcCode[ending.code],
        reason: ending.reason === '' ? undefined : ending.reason,
        messages,
        durationMs: Math.round((performance.now() - started) * 1000) / 1000,
      });
    };
    const stop = (): void => end(endingOfError(stoppingServer(), log));
    const send = async (): Promise<void> => {
      const request = decode(method, call.request);
      for await (const message of method.run(request, { ...contextOf(call), signal: gone.signal })) {
        if (gone.signal.aborted) return;
        messages += 1;
        if (!call.write(message)) await drained(call, gone.signal);
      }
    };

    call.on('cancelled', () => end(endingOfLeaving(call)));
    if (stopping.aborted) {
      stop();
      return;
    }
    stopping.addEventListener('abort', stop);
    void send().then(
      () => end(finished),
      (error: unknown) => {
        // What fails because it was told to stop is no fault.
        if (!gone.signal.aborted) end(endingOfError(error, log));
      },
    );
  };
}

const finished: Ending = { code: GrpcCode.OK, reason: '', bytes: Buffer.alloc(0), answer: null };

function stoppingServer(): Rejection {
  return new Rejection('STORE_UNAVAILABLE', 'the server is stopping');
}

/** grpc-js has sent the status already, or there is nobody to send it to. */
function endingOfLeaving(call: Call): Ending {
  const inTime = Date.now() < contextOf(call).deadline;
  return { ...finished, code: inTime ? GrpcCode.CANCELLED : GrpcCode.DEADLINE_EXCEEDED };
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
