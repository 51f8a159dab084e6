import type { Socket } from 'node:net';
import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { status as GrpcCode } from '@grpc/grpc-js';
import type { AddressBudget } from './address-budget';
import type { ConnectionLimits } from './connection-limits';
import { heldBytes } from './held-bytes';
import { patienceMs } from './grpc-timeout';
import { openStreams } from './http2-parts';
import { MESSAGE_HEAD_BYTES, MessageMeter } from './message-meter';

/** What a connection tells the guard of its server. */
export interface ConnectionEvents {
  /** Bytes of requests that have come in part, of all connections. */
  incomingBytes: number;
  /** The largest request of a method, in bytes. */
  readonly requestMaxBytes: (path: string) => number;
  /** Whether the answers of a method go on for as long as its caller likes. */
  readonly isStream: (path: string) => boolean;
  /** Whether a method takes messages for as long as its caller likes. */
  readonly takesStream: (path: string) => boolean;
  /** Called when a connection uses all the calls that it may have. */
  readonly isFull: (connection: GuardedConnection) => void;
  /** For the log: what was done to a caller, and why. */
  readonly tell: (what: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Node 20 takes 1,000 resets on a connection and then leaves it open, dead and for ever. Newer ones can be told. */
const NODE_RESETS_MAX = Number(process.versions.node.split('.')[0]) < 22 ? 950 : Infinity;

/**
 * Runs what changes a session when the frames that came together have been read: Node's HTTP/2 runs the handlers of streams
 * while it still reads them.
 */
function outsideOfFrames(work: () => void): void {
  setImmediate(work);
}

/** One connection, with what its other end has open, sent and not read. Made for each, and used by each of its calls. */
export class GuardedConnection {
  /** Its other end has begun to speak HTTP/2. */
  isOpen = false;
  /** Bytes of answers that wait, when it was last asked. */
  unreadBytes = 0;
  private isDestroyed = false;
  private isEnding = false;
  /** It is about to ask for more calls. */
  private isAsking = false;
  /** Calls at the same time that its other end was told of last. */
  private allowed: number;
  /** Those of them that go on for as long as their caller likes. */
  private openStreams = 0;
  private calls = 0;
  private lastStreamId = 0;
  private activeStreamId = 0;
  private resets = 0;
  private resetsAt: number;
  private retiredAt: number | null = null;
  private readonly ageMaxMs: number;
  /** Without a call since then, and the last one at that time. */
  private idleFrom: number;
  private idleStreamId = 0;
  /** The last stream that was there at an instant: all up to it are at least that old. */
  private readonly marks: { readonly at: number; readonly streamId: number }[] = [];
  /** Streams whose method may answer for as long as it likes. */
  private readonly streams = new WeakSet<ServerHttp2Stream>();
  /** Those whose requests may go on for as long as well. */
  private readonly uploads = new WeakMap<ServerHttp2Stream, MessageMeter>();

  constructor(
    private readonly session: ServerHttp2Session,
    private readonly socket: Socket | null,
    readonly peer: string,
    readonly openedAt: number,
    private readonly limits: ConnectionLimits & { readonly concurrentStreamsMax: number },
    private readonly events: ConnectionEvents,
    private readonly address: AddressBudget,
  ) {
    this.allowed = Math.min(limits.concurrentStreamsMax, limits.callsIdle);
    this.resetsAt = openedAt;
    this.idleFrom = openedAt;
    // Connections that were opened together do not all end together.
    this.ageMaxMs = limits.connectionAgeMs * (0.9 + 0.2 * Math.random());
    session.on('stream', (stream, headers) => this.guard(stream, headers));
  }

  /** Ends the connection and every call on it. The other end is told that it did too much. */
  destroy(): void {
    if (this.isEnding) return;
    this.isEnding = true;
    outsideOfFrames(() => {
      if (this.session.destroyed) return;
      this.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
      this.session.destroy();
    });
  }

  /**
   * Takes no more calls and lets those that run end, without losing any: the other end is told, and until it has heard of
   * it, what it sends is still taken.
   */
  retire(): void {
    if (this.retiredAt !== null || this.session.destroyed) return;
    this.retiredAt = performance.now();
    const close = (): void => {
      if (!this.session.destroyed) this.session.close();
    };
    outsideOfFrames(() => {
      try {
        this.session.goaway(constants.NGHTTP2_NO_ERROR, LAST_STREAM_ID);
        this.session.ping(close);
        setTimeout(close, HEARD_WITHIN_MS).unref();
      } catch {
        // It is being closed already.
        close();
      }
    });
  }

  /**
   * Ends calls and connections that are too old or not used, and counts what waits to be read. Returns how many streams it
   * looked at.
   */
  sweep(now: number): number {
    this.unreadBytes = 0;
    // After too many resets Node 20 destroys a session and keeps its socket for ever.
    if (this.isDestroyed) this.socket?.destroy();
    this.isDestroyed = this.session.destroyed;
    this.endOld(now);
    if (this.calls === 0) {
      this.marks.length = 0;
      return 0;
    }
    const overdueId = this.overdueStream(now);
    let looked = 0;
    openStreams(this.session)?.forEach((stream) => {
      looked += 1;
      this.unreadBytes += Math.max(stream.writableLength, heldBytes(stream));
      if ((stream.id ?? 0) > overdueId || this.mayGoOn(stream, now)) return;
      this.events.tell('a call was ended: it took too long', { peer: this.peer });
      refuse(
        stream,
        GrpcCode.DEADLINE_EXCEEDED,
        `the call took longer than ${this.limits.requestTimeMaxMs} ms`,
      );
    });
    return looked;
  }

  /** Whether it has calls, or had any since it was last asked. */
  isActive(): boolean {
    const isActive = this.calls > this.openStreams || this.lastStreamId !== this.activeStreamId;
    this.activeStreamId = this.lastStreamId;
    return isActive;
  }

  /** Lets it have twice as many calls at the same time, up to its share. */
  allowMore(share: number): void {
    const calls = this.allowed - this.openStreams;
    if (calls < share) this.allow(Math.min(share, 2 * calls));
  }

  /** Tells the other end how many calls it may have at the same time, beside those that go on for long. */
  allow(calls: number): void {
    const allowed = Math.min(calls + this.openStreams, this.limits.concurrentStreamsMax);
    if (allowed === this.allowed || !this.isOpen || this.session.destroyed) return;
    this.allowed = allowed;
    try {
      this.session.settings({ maxConcurrentStreams: allowed });
    } catch {
      // Node keeps ten of them that the other end has not acknowledged.
      this.events.tell('a connection was closed: it does not acknowledge settings', { peer: this.peer });
      this.destroy();
    }
  }

  /** For the log. */
  describe(): Readonly<Record<string, unknown>> {
    return { peer: this.peer, streams: (this.lastStreamId + 1) / 2, resets: Math.round(this.resets) };
  }

  private guard(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (stream.closed) {
      this.countCancelled(true);
      return;
    }
    this.calls += 1;
    if (this.calls >= this.allowed && !this.isAsking) {
      this.isAsking = true;
      outsideOfFrames(() => {
        this.isAsking = false;
        this.events.isFull(this);
      });
    }
    this.lastStreamId = stream.id ?? this.lastStreamId;
    const path = headers[':path'] ?? '';
    const beganAt = performance.now();
    if (this.events.isStream(path)) {
      this.streams.add(stream);
      this.openStreams += 1;
      stream.once('close', () => (this.openStreams -= 1));
    }
    if (this.events.takesStream(path)) this.countMessages(stream, path);
    else this.countRequest(stream, path);
    stream.once('close', () => {
      this.calls -= 1;
      // A reset may say that there was no error.
      if (!stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR) this.address.answered();
      else this.countCancelled(performance.now() < beganAt + patienceMs(headers['grpc-timeout']));
    });
    if (this.unreadBytes > this.limits.connectionUnreadMaxBytes / 2) this.refuseUnread(stream);
  }

  /** Counts what comes of a request until all of it is there. */
  private countRequest(stream: ServerHttp2Stream, path: string): void {
    const maxBytes = this.events.requestMaxBytes(path);
    let received = 0;
    const settle = (): void => {
      this.events.incomingBytes -= received;
      received = 0;
    };
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      this.events.incomingBytes += chunk.length;
      if (received > maxBytes + MESSAGE_HEAD_BYTES) this.refuseTooLarge(stream, path, maxBytes);
      else if (this.events.incomingBytes > this.limits.incomingMaxBytes) this.refuseIncoming(stream);
    });
    stream.once('end', settle);
    stream.once('close', settle);
  }

  /** The same for requests that follow one another: each of them is counted until all of it is there. */
  private countMessages(stream: ServerHttp2Stream, path: string): void {
    const maxBytes = this.events.requestMaxBytes(path);
    const meter = new MessageMeter();
    this.uploads.set(stream, meter);
    let counted = 0;
    const count = (bytes: number): void => {
      this.events.incomingBytes += bytes - counted;
      counted = bytes;
    };
    stream.on('data', (chunk: Buffer) => {
      const largest = meter.feed(chunk, performance.now());
      count(meter.partialBytes);
      if (largest > maxBytes) this.refuseTooLarge(stream, path, maxBytes);
      else if (this.events.incomingBytes > this.limits.incomingMaxBytes) this.refuseIncoming(stream);
    });
    stream.once('close', () => count(0));
  }

  /** Whether a call is one that has begun to be answered, and whose other end keeps none of its messages back. */
  private mayGoOn(stream: ServerHttp2Stream, now: number): boolean {
    if (!this.streams.has(stream)) return false;
    const upload = this.uploads.get(stream);
    if (upload === undefined) return stream.readableEnded;
    const isAnswered = stream.headersSent && !stream.writableEnded;
    return isAnswered && now - upload.partialSince < this.limits.requestTimeMaxMs;
  }

  private refuseTooLarge(stream: ServerHttp2Stream, path: string, maxBytes: number): void {
    this.events.tell('a request was refused: it is too large', {
      peer: this.peer,
      method: path.slice(1),
      maxBytes,
    });
    refuse(stream, GrpcCode.RESOURCE_EXHAUSTED, `the request is larger than ${maxBytes} bytes`);
  }

  private refuseIncoming(stream: ServerHttp2Stream): void {
    this.events.tell('a request was refused: too many come in at the same time', { peer: this.peer });
    refuse(
      stream,
      GrpcCode.RESOURCE_EXHAUSTED,
      'too many large requests come in at the same time: send it again later',
    );
  }

  private refuseUnread(stream: ServerHttp2Stream): void {
    const fields = { peer: this.peer, unreadBytes: this.unreadBytes };
    this.events.tell('a call was refused: its connection does not read its answers', fields);
    refuse(
      stream,
      GrpcCode.RESOURCE_EXHAUSTED,
      'read the answers to your other calls on this connection first',
    );
  }

  /**
   * A client that cancels much on one connection gets no error: it is asked to open another one, and its calls end on this
   * one. It can only have so many of them left, so whoever cancels more does not listen. An address that cancels far more
   * than is answered, on however many connections, is cut off.
   *
   * @param isEarly whether its caller could have waited longer
   */
  private countCancelled(isEarly: boolean): void {
    if (this.isEnding) return;
    // All calls of a connection that breaks end with it, some of them a little before it.
    outsideOfFrames(() => {
      if (!this.session.destroyed && this.socket?.destroyed !== true) this.countOne(isEarly);
    });
  }

  private countOne(isEarly: boolean): void {
    if (this.isEnding) return;
    const now = performance.now();
    const forgiven = ((now - this.resetsAt) / 1000) * this.limits.resetsPerSecond;
    this.resets = Math.max(0, this.resets - forgiven) + 1;
    this.resetsAt = now;
    if (isEarly) this.address.cancelled(now);
    if (isEarly && this.address.isSpent(now)) {
      this.events.tell('a connection was closed: its address cancels too many calls', this.describe());
      this.destroy();
    } else if (
      this.resets > Math.min(this.limits.resetsMax + this.limits.concurrentStreamsMax, NODE_RESETS_MAX)
    ) {
      this.events.tell('a connection was closed: its calls are cancelled too often', this.describe());
      this.destroy();
    } else if (this.retiredAt === null && this.resets > this.limits.resetsMax) {
      this.events.tell('a connection takes no more calls: too many were cancelled', this.describe());
      this.retire();
    }
  }

  private endOld(now: number): void {
    const { connectionAgeGraceMs, connectionIdleMs } = this.limits;
    if (this.retiredAt !== null) {
      if (now - this.retiredAt >= connectionAgeGraceMs) this.session.destroy();
      return;
    }
    if (this.calls > 0 || this.lastStreamId !== this.idleStreamId) {
      this.idleFrom = now;
      this.idleStreamId = this.lastStreamId;
    }
    if (now - this.openedAt >= this.ageMaxMs || now - this.idleFrom >= connectionIdleMs) this.retire();
  }

  /** All streams up to this one are too old. */
  private overdueStream(now: number): number {
    const { marks } = this;
    marks.push({ at: now, streamId: this.lastStreamId });
    while ((marks[1]?.at ?? Infinity) <= now - this.limits.requestTimeMaxMs) marks.shift();
    const [oldest] = marks;
    return oldest !== undefined && oldest.at <= now - this.limits.requestTimeMaxMs ? oldest.streamId : 0;
  }
}

/** How long a connection that takes no more calls waits for its other end to say that it has heard. */
const HEARD_WITHIN_MS = 1_000;
/** The largest that HTTP/2 has. */
const LAST_STREAM_ID = 2 ** 31 - 1;

/** Ends a call with a status when it has no answer yet, else by a reset. */
function refuse(stream: ServerHttp2Stream, code: GrpcCode, message: string): void {
  if (stream.destroyed || stream.closed) return;
  if (stream.headersSent) {
    stream.close(constants.NGHTTP2_CANCEL);
    return;
  }
  const status = { 'grpc-status': code.toString(), 'grpc-message': encodeURI(message) };
  stream.respond(
    { ':status': 200, 'content-type': 'application/grpc+proto', ...status },
    { endStream: true },
  );
  stream.close(constants.NGHTTP2_NO_ERROR);
}
