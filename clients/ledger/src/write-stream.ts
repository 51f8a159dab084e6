import { type ClientDuplexStream, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { Status } from '@ledger/proto/google/rpc/status';
import { type AttemptFailure, attemptFailure, isFromServer, localFailure } from './attempt-failure';
import { asIs } from './call';
import type { Connection } from './connection';
import { errorDetailsOf } from './error-details';
import type { GatheredCall } from './gathered-call';
import { decodeResults, encodeWrites, STREAM_FIELDS, type StreamedResult } from './stream-codec';

const WRITE_STREAM_PATH = '/ledger.v1.LedgerService/WriteStream';

/** Until the server says otherwise. */
const FIRST_WINDOW = 1_024;

/** What a stream tells. */
export interface WriteStreamEvents {
  /** Something came: results, or the first word. */
  readonly onResponse: () => void;
  /** It has ended; the server's failure, or that of the transport. */
  readonly onEnd: (failure: AttemptFailure) => void;
}

interface Sent {
  readonly call: GatheredCall;
  readonly settled: () => void;
}

/** One WriteStream: what is out on it, and what becomes of that. */
export class WriteStream {
  /** The server has answered it: it knows the rpc, and can be reached. */
  isUp = false;
  /** Nothing more may be sent. */
  isEnding = false;
  window = FIRST_WINDOW;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #sent = new Map<number, Sent>();
  readonly #events: WriteStreamEvents;
  #lastTag = 0;
  #isOver = false;

  constructor(
    readonly connection: Connection,
    headers: Metadata,
    readonly openedAtMs: number,
    events: WriteStreamEvents,
  ) {
    this.#events = events;
    this.#stream = connection.channel.makeBidiStreamRequest<Buffer, Buffer>(
      WRITE_STREAM_PATH,
      asIs,
      asIs,
      headers,
    );
    this.#stream.on('data', (message: Buffer) => this.#take(message));
    this.#stream.on('error', (error: ServiceError) => {
      if (isFromServer(error)) connection.hears();
      this.#finish(attemptFailure(error));
    });
    this.#stream.on('end', () => this.#finish(lost('the server has ended the stream')));
  }

  /** How many calls are out. */
  get out(): number {
    return this.#sent.size;
  }

  /** @param answered called with the last result of the message, or when there will be none */
  send(calls: readonly GatheredCall[], answered: () => void): void {
    this.connection.sends();
    let left = calls.length;
    const settled = (): void => {
      left -= 1;
      if (left === 0) answered();
    };
    const writes = calls.map((gathered) => {
      this.#lastTag = (this.#lastTag + 1) >>> 0;
      this.#sent.set(this.#lastTag, { call: gathered, settled });
      gathered.sends();
      const { method, bytes } = gathered.call;
      const field = STREAM_FIELDS[method];
      if (field === undefined) throw new TypeError(`${method} does not travel on a stream`);
      return { tag: this.#lastTag, timeoutMs: gathered.remainingMs, field, bytes };
    });
    this.#stream.write(encodeWrites(writes));
  }

  /** Sends nothing more; what is out is still answered. */
  end(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    this.#stream.end();
  }

  /** Gives it up at once. */
  cancel(): void {
    this.isEnding = true;
    this.#stream.cancel();
  }

  #take(message: Buffer): void {
    this.connection.hears();
    this.isUp = true;
    try {
      const { results, window } = decodeResults(message);
      if (window !== undefined) this.window = Math.max(1, window);
      for (const result of results) this.#settle(result);
    } catch {
      this.cancel();
    }
    this.#events.onResponse();
  }

  #settle({ tag, replayed, position, bytes, isError }: StreamedResult): void {
    const sent = this.#sent.get(tag);
    if (sent === undefined) return;
    this.#sent.delete(tag);
    sent.settled();
    if (!isError) sent.call.answer(bytes, replayed, position);
    else {
      const { code, message: text, details } = Status.decode(bytes);
      const facts = {
        code,
        text,
        details: errorDetailsOf({ code, message: text, details }),
        replayed,
        position,
      };
      sent.call.settle({ ...facts, notSent: false, cause: undefined });
    }
  }

  #finish(failure: AttemptFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.isEnding = true;
    const left = [...this.#sent.values()];
    this.#sent.clear();
    for (const { call, settled } of left) {
      settled();
      call.settle(failure);
    }
    this.#events.onEnd(failure);
  }
}

/** Of a call whose stream is gone: it may have been booked. */
function lost(text: string): AttemptFailure {
  return { ...localFailure(status.UNAVAILABLE, text), notSent: false };
}
