import { Metadata, status } from '@grpc/grpc-js';
import { type AttemptFailure, localFailure } from './attempt-failure';
import type { Lane, UnaryCall } from './call';
import { attemptHeaders } from './call-headers';
import { ERROR_DOMAIN } from './error-details';
import { GatheredCall, type GatheredResult } from './gathered-call';
import { FULL, MessageGate } from './message-gate';
import { onceATurn } from './once-a-turn';
import { STREAM_FIELDS } from './stream-codec';
import type { Transport } from './transport';
import { WriteStream } from './write-stream';

/** A larger write goes by itself. */
const WRITE_MAX_BYTES = 60_000;
const MESSAGE_MAX_BYTES = 1024 * 1024;
/** A stream that nobody has used for so long is ended: it would keep the process alive. */
const IDLE_MS = 200;
/** A stream is replaced after so long, so that servers and tokens can be. */
const AGE_MAX_MS = 60_000;
/** A stream that is not answered within this is given up, and its calls go by themselves. */
const OPEN_LIMIT_MS = 1_000;
/** How long calls go by themselves after that. */
const DOWN_MS = 1_000;
/** The same after a server that does not know the rpc. */
const UNIMPLEMENTED_MS = 600_000;

/**
 * Sends concurrent writes over one stream. A write that is alone goes by itself, as does every one while there is no
 * stream: so a lone caller loses nothing, and a server that cannot be reached is reported in one way.
 */
export class WriteCoalescer implements Lane {
  readonly #queue = new Set<GatheredCall>();
  readonly #gate = new MessageGate();
  #stream: WriteStream | undefined;
  /** Writes that are under way by themselves. */
  #alone = 0;
  /** What is asked for in the same turn of the event loop travels together. */
  readonly #schedule = onceATurn(() => this.#flush());
  #isOpening = false;
  #downUntilMs = -Infinity;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly maxQueued: number,
  ) {
    transport.closed.addEventListener('abort', () => this.#close());
  }

  takes({ method, bytes }: UnaryCall<unknown>): boolean {
    return Object.hasOwn(STREAM_FIELDS, method) && bytes.length <= WRITE_MAX_BYTES;
  }

  /** Makes an attempt with others; undefined when it is to be made by itself. */
  attempt<Response>(
    call: UnaryCall<Response>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<GatheredResult<Response>> {
    const { clock, connections } = this.transport;
    if (clock.now() < this.#downUntilMs) return Promise.resolve(undefined);
    if (this.#queue.size >= this.maxQueued) return Promise.resolve(overloaded(this.maxQueued));
    const sentAtMs = clock.now();
    const gathered = new GatheredCall(call, clock, timeoutMs, signal, (ended, isSilent) => {
      const wasQueued = this.#queue.delete(ended as GatheredCall);
      if (!wasQueued && isSilent && this.#stream !== undefined)
        connections.reportUnanswered(this.#stream.connection, sentAtMs);
    });
    this.#queue.add(gathered as GatheredCall);
    this.#schedule();
    return gathered.result;
  }

  /** Says that an attempt is made by itself; the result says that it has ended. */
  goesAlone(): () => void {
    this.#alone += 1;
    return () => {
      this.#alone -= 1;
    };
  }

  #flush(): void {
    if (this.#queue.size === 0) return;
    const stream = this.#usable();
    if (stream === undefined) {
      if (this.#isOpening) return;
      if (this.#queue.size === 1 && this.#alone === 0) this.#sendAlone();
      else void this.#open();
      return;
    }
    if (!stream.isUp) return;
    while (this.#queue.size > 0 && stream.out < stream.window && this.#gate.isOpenFor(this.#queue.size)) {
      stream.send(this.#take(stream.window - stream.out), this.#gate.sends());
    }
    if (this.#queue.size > 0 && stream.out < stream.window)
      this.#gate.whenPatienceEnds(() => this.#schedule());
  }

  #take(places: number): GatheredCall[] {
    const taken: GatheredCall[] = [];
    let bytes = 0;
    for (const gathered of this.#queue) {
      bytes += gathered.call.bytes.length;
      if (taken.length >= Math.min(places, FULL) || (taken.length > 0 && bytes > MESSAGE_MAX_BYTES)) break;
      taken.push(gathered);
      this.#queue.delete(gathered);
    }
    return taken;
  }

  /** The stream that is there, unless it is to be replaced. */
  #usable(): WriteStream | undefined {
    const { clock, connections } = this.transport;
    const stream = this.#stream;
    if (stream === undefined || stream.isEnding) return undefined;
    const isOld = clock.now() - stream.openedAtMs > AGE_MAX_MS;
    if (!isOld && stream.connection === connections.current) return stream;
    stream.end();
    return undefined;
  }

  async #open(): Promise<void> {
    const { clock, connections, headers: given, timeoutMs, closed } = this.transport;
    this.#isOpening = true;
    const headers = await attemptHeaders(given, 'writeStream', {}, { clock, timeoutMs, signal: closed });
    if (!(headers instanceof Metadata) || closed.aborted) {
      this.#isOpening = false;
      this.#sendAlone();
      return;
    }
    const opened = (): void => {
      clearTimeout(late);
      this.#isOpening = false;
    };
    const stream = new WriteStream(connections.current, headers, clock.now(), {
      onResponse: () => {
        if (this.#isOpening && this.#stream === stream) opened();
        this.#rest(stream);
        this.#schedule();
      },
      onEnd: ({ code }) => {
        if (this.#stream !== stream) return;
        this.#stream = undefined;
        if (stream.isUp) this.#schedule();
        else {
          opened();
          this.#goDown(code === status.UNIMPLEMENTED ? UNIMPLEMENTED_MS : DOWN_MS);
        }
      },
    });
    this.#stream = stream;
    const late = setTimeout(() => {
      if (!stream.isUp) stream.cancel();
    }, OPEN_LIMIT_MS).unref();
  }

  #goDown(ms: number): void {
    this.#downUntilMs = this.transport.clock.now() + ms;
    this.#sendAlone();
  }

  /** All that waits. */
  #sendAlone(): void {
    const all = [...this.#queue];
    this.#queue.clear();
    for (const gathered of all) gathered.settle(undefined);
  }

  /** Ends the stream when nothing is out for a while. */
  #rest(stream: WriteStream): void {
    if (stream.out > 0 || this.#queue.size > 0) {
      clearTimeout(this.#idleTimer);
      this.#idleTimer = undefined;
      return;
    }
    this.#idleTimer ??= setTimeout(() => {
      this.#idleTimer = undefined;
      if (stream.out === 0 && this.#queue.size === 0) stream.end();
      else this.#rest(stream);
    }, IDLE_MS).unref();
  }

  #close(): void {
    clearTimeout(this.#idleTimer);
    this.#stream?.end();
    this.#sendAlone();
  }
}

/** The client's own refusal, in the words of the ledger. Nothing was sent, and nothing is tried again. */
function overloaded(limit: number): AttemptFailure {
  const metadata = new Map([['limit', limit.toString()]]);
  return {
    ...localFailure(status.RESOURCE_EXHAUSTED, `${limit} calls of this client are waiting`),
    details: { errorInfo: { reason: 'OVERLOADED', domain: ERROR_DOMAIN, metadata } },
    isFinal: true,
  };
}
