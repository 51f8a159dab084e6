import type { ServerHttp2Stream } from 'node:http2';
import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import { holdBytes } from '../server/held-bytes';
import { readOneAtATime, streamOf } from '../server/http2-parts';
import type { CallResult } from './call-result';
import { callerLeft, resultOfError } from './error-policy';
import { contextOf, type CallContext, decodeRequest, type Decode } from './incoming-call';
import { serverStops, type StreamSettings } from './server-stream';
import { codeName, grpcError, millisecondsSince } from './unary';

/** One rpc with many requests and many answers. Errors as in a unary one; they end the call. */
export interface BidiStreamMethod<Request> {
  readonly path: string;
  readonly decode: Decode<Request>;
  /**
   * Resolves when all is answered. The requests end when the caller has sent its last one, and also when the server stops:
   * then the call ends with STORE_UNAVAILABLE after what `run` still answers.
   */
  readonly run: (requests: AsyncIterable<Request>, answers: Answers, context: CallContext) => Promise<void>;
}

/** The way back to the caller of a stream. */
export interface Answers {
  /** Sends a message. `taken` is called when it is on its way to a caller that reads; maybe never when the caller has gone. */
  send(message: Buffer, taken: () => void): void;
}

type Call = ServerDuplexStream<Buffer, Buffer>;

/**
 * The bridge from async functions to bidirectional streams of grpc-js. A request is read when the one before has been dealt
 * with, so that a caller sends no faster than it is served. What that leaves in memory is held for its connection, see
 * held-bytes.ts.
 */
export function bidiStreamHandler<Request, Reason extends string>(
  { path, decode, run }: BidiStreamMethod<Request>,
  { log, errors, stopping }: StreamSettings<Reason>,
): handleBidiStreamingCall<Buffer, Buffer> {
  return (call) => {
    const started = performance.now();
    const gone = new AbortController();
    const context = contextOf(call, gone.signal);
    const { peer } = context;
    const stream = streamOf(call);
    const requests = new Requests(call, stream, stopping);
    let messages = 0;

    const send = (message: Buffer, taken: () => void): void => {
      if (gone.signal.aborted) return;
      messages += 1;
      holdBytes(stream, message.length);
      call.write(message, () => {
        holdBytes(stream, -message.length);
        taken();
      });
    };
    const end = (result: CallResult): void => {
      if (gone.signal.aborted) return;
      gone.abort();
      requests.stop();
      if (result.code === 0) call.end();
      else if (!call.cancelled) call.emit('error', grpcError(result));
      log.call({
        method: path,
        code: codeName(result.code),
        reason: result.reason === '' ? undefined : result.reason,
        messages,
        durationMs: millisecondsSince(started),
        peer,
      });
    };

    call.on('cancelled', () => end(callerLeft(context.deadline)));
    const decoded = async function* (): AsyncGenerator<Request> {
      for await (const bytes of requests.read()) yield decodeRequest(decode, bytes);
    };
    void run(decoded(), { send }, context).then(
      () => end(stopping.aborted ? resultOfError(serverStops(), errors, log) : finished),
      (error: unknown) => {
        if (!gone.signal.aborted) end(resultOfError(error, errors, log));
      },
    );
  };
}

const finished: CallResult = { code: 0, reason: '', bytes: Buffer.alloc(0), replayed: false };

/** The messages of a caller, one at a time. */
class Requests {
  private wake: () => void = () => undefined;
  private message: Buffer | null = null;
  private isOver = false;

  constructor(
    private readonly call: Call,
    private readonly stream: ServerHttp2Stream | null,
    private readonly stopping: AbortSignal,
  ) {
    readOneAtATime(call);
    call.pause();
    call.on('data', (message: Buffer) => {
      call.pause();
      this.message = message;
      this.wake();
    });
    call.on('end', this.stop);
    stopping.addEventListener('abort', this.stop);
    if (stopping.aborted) this.stop();
  }

  /** Ends with the last message, when the caller has gone and when the server stops. */
  async *read(): AsyncGenerator<Buffer> {
    for (;;) {
      const message = await this.next();
      if (message === null) return;
      holdBytes(this.stream, message.length);
      try {
        yield message;
      } finally {
        holdBytes(this.stream, -message.length);
      }
    }
  }

  readonly stop = (): void => {
    this.isOver = true;
    this.stopping.removeEventListener('abort', this.stop);
    this.wake();
  };

  private async next(): Promise<Buffer | null> {
    if (!this.isOver && this.message === null) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.call.resume();
      });
    }
    const { message } = this;
    this.message = null;
    return this.isOver && this.stopping.aborted ? null : message;
  }
}
