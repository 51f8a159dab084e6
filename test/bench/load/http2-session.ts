import { connect, type Socket } from 'node:net';

/**
 * Just enough HTTP/2 (RFC 9113) to send unary gRPC calls that were encoded beforehand. A session of node:http2 costs
 * about 36 µs of CPU a call, which is more than two cores can spare beside a server and its Postgres. This one costs
 * about 6 µs. A header table size of 0 switches header compression off, so `grpc-status: 0` is always the same bytes.
 */

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;

/** The code of a reset that says that the stream was not looked at. */
const REFUSED_STREAM = 7;

const END_STREAM = 0x1;
const ACK = 0x1;
const END_HEADERS = 0x4;
const PADDED = 0x8;

const HEADER_TABLE_SIZE = 1;
const ENABLE_PUSH = 2;
const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;

const FRAME_HEADER_BYTES = 9;
const FRAME_MAX_BYTES = 16_384;
const DEFAULT_WINDOW = 65_535;
const WINDOW_MAX = 0x7fff_ffff;
/** How many bytes are received before the connection's window is replenished. */
const WINDOW_STEP = 0x1000_0000;
const OUTPUT_BYTES = 65_536;

/** HPACK: a literal `grpc-status` with its name in Huffman code, and the value `0`. */
const STATUS_OK = Buffer.from('889acac8b21234da8f0130', 'hex');
/** HPACK: `:status: 200`, from the static table. */
const HTTP_OK = 0x88;

/** Called when a call ends. An empty `failure` means success. */
export type Done = (failure: string, body: Buffer) => void;

/** What ends a call that waited for a stream until its time was over. */
const GIVEN_UP = 'the deadline passed before the call was sent';

interface Waiting {
  readonly headers: (leftMs: number) => Buffer;
  readonly message: Buffer;
  readonly done: Done;
  readonly until: number;
}

interface Stream extends Waiting {
  sent: number;
  window: number;
  begun: boolean;
  readonly chunks: Buffer[];
}

/** One connection. Calls of one turn of the event loop are written to the socket together. */
export class Http2Session {
  private readonly streams = new Map<number, Stream>();
  /** How many calls the server takes at the same time; further ones wait here, as they do in every client. */
  private streamsMax = Infinity;
  private readonly waiting: Waiting[] = [];
  /** Streams whose message waits for a flow-control window. */
  private blocked: number[] = [];
  private nextId = 1;
  private window = DEFAULT_WINDOW;
  private streamWindow = DEFAULT_WINDOW;
  private received = 0;
  private rest: Buffer = Buffer.alloc(0);
  private output = Buffer.allocUnsafe(OUTPUT_BYTES);
  private used = 0;
  private flushing = false;
  private broken = '';

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => this.breakOff(`the connection failed: ${error.message}`));
    socket.on('close', () => this.breakOff('the connection was closed'));
    this.write(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    this.write(
      frame(
        SETTINGS,
        0,
        0,
        settings([HEADER_TABLE_SIZE, 0], [ENABLE_PUSH, 0], [INITIAL_WINDOW_SIZE, WINDOW_MAX]),
      ),
    );
    this.write(windowUpdate(WINDOW_MAX - DEFAULT_WINDOW));
  }

  /** Connects to `host:port`. */
  static async open(address: string): Promise<Http2Session> {
    const { hostname, port } = new URL(`http://${address}`);
    const socket = connect(Number(port), hostname);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Http2Session(socket);
  }

  /**
   * Sends a call.
   *
   * @param headers made by requestHeaders, for the time that is left
   * @param message made by grpcFrame
   * @param until by performance.now(): when a call that still waits for a stream is given up
   */
  call(headers: (leftMs: number) => Buffer, message: Buffer, done: Done, until = Infinity): void {
    if (this.broken !== '') done(this.broken, Buffer.alloc(0));
    else if (this.streams.size < this.streamsMax) this.begin({ headers, message, done, until });
    else this.waiting.push({ headers, message, done, until });
  }

  private begin(call: Waiting): void {
    const headers = call.headers(call.until - performance.now());
    const id = this.nextId;
    this.nextId += 2;
    this.streams.set(id, { ...call, sent: 0, window: this.streamWindow, begun: false, chunks: [] });
    this.write(frameHeader(headers.length, HEADERS, END_HEADERS, id));
    this.write(headers);
    this.sendMessage(id);
  }

  /** Closes the connection. Calls in flight fail. */
  close(): void {
    this.socket.destroy();
  }

  private sendMessage(id: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    const { message } = stream;
    while (stream.sent < message.length) {
      const room = Math.min(FRAME_MAX_BYTES, this.window, stream.window);
      const length = Math.min(room, message.length - stream.sent);
      if (length <= 0) {
        this.blocked.push(id);
        return;
      }
      const last = stream.sent + length === message.length;
      this.write(frameHeader(length, DATA, last ? END_STREAM : 0, id));
      this.write(message.subarray(stream.sent, stream.sent + length));
      stream.sent += length;
      stream.window -= length;
      this.window -= length;
    }
  }

  private write(bytes: Buffer): void {
    if (this.used + bytes.length > this.output.length) this.flush();
    if (bytes.length > this.output.length) this.socket.write(bytes);
    else this.used += bytes.copy(this.output, this.used);
    if (this.flushing) return;
    this.flushing = true;
    process.nextTick(() => {
      this.flushing = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.used === 0) return;
    this.socket.write(this.output.subarray(0, this.used));
    // The socket may still hold the written bytes, so that part of the buffer is not used again.
    this.output = this.output.subarray(this.used);
    if (this.output.length < FRAME_MAX_BYTES) this.output = Buffer.allocUnsafe(OUTPUT_BYTES);
    this.used = 0;
  }

  private receive(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
      if (bytes.length < end) break;
      const payload = bytes.subarray(at + FRAME_HEADER_BYTES, end);
      this.take(bytes[at + 3] ?? 0, bytes[at + 4] ?? 0, bytes.readUInt32BE(at + 5) & WINDOW_MAX, payload);
      at = end;
    }
    this.rest = bytes.subarray(at);
  }

  private take(type: number, flags: number, id: number, payload: Buffer): void {
    switch (type) {
      case DATA:
        this.takeData(flags, id, payload);
        return;
      case HEADERS:
        this.takeHeaders(flags, id, payload);
        return;
      case RST_STREAM:
        if (payload.readUInt32BE(0) === REFUSED_STREAM) this.sendAgain(id);
        else this.finish(id, `the stream was reset, code ${payload.readUInt32BE(0)}`);
        return;
      case SETTINGS:
        if ((flags & ACK) === 0) this.takeSettings(payload);
        return;
      case PING:
        if ((flags & ACK) === 0) this.write(frame(PING, ACK, 0, payload));
        return;
      case GOAWAY:
        this.breakOff(`the server sent GOAWAY, code ${payload.readUInt32BE(4)}`);
        return;
      case WINDOW_UPDATE:
        this.takeWindowUpdate(id, payload.readUInt32BE(0) & WINDOW_MAX);
        return;
      default:
        // RFC 9113 requires unknown frame types to be ignored.
        return;
    }
  }

  private takeData(flags: number, id: number, payload: Buffer): void {
    this.received += payload.length;
    if (this.received >= WINDOW_STEP) {
      this.write(windowUpdate(this.received));
      this.received = 0;
    }
    const stream = this.streams.get(id);
    if ((flags & PADDED) !== 0) this.finish(id, 'padded frames are not understood here');
    else if (payload.length > 0) stream?.chunks.push(payload);
    if ((flags & END_STREAM) !== 0) this.finish(id, 'the response ended without a status');
  }

  private takeHeaders(flags: number, id: number, block: Buffer): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if ((flags & END_HEADERS) === 0 || (flags & PADDED) !== 0) {
      this.finish(id, 'headers in parts are not understood here');
    } else if ((flags & END_STREAM) !== 0) {
      this.finish(id, stream.begun && block.includes(STATUS_OK) ? '' : 'the grpc-status is not 0');
    } else if (block.includes(HTTP_OK)) {
      stream.begun = true;
    } else {
      this.finish(id, 'the HTTP status is not 200');
    }
  }

  private takeSettings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const setting = payload.readUInt16BE(at);
      const size = payload.readUInt32BE(at + 2);
      if (setting === MAX_CONCURRENT_STREAMS) this.streamsMax = size;
      if (setting !== INITIAL_WINDOW_SIZE) continue;
      for (const stream of this.streams.values()) stream.window += size - this.streamWindow;
      this.streamWindow = size;
    }
    this.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
    this.unblock();
    this.beginWaiting();
  }

  private takeWindowUpdate(id: number, increment: number): void {
    const stream = this.streams.get(id);
    if (id === 0) this.window += increment;
    else if (stream !== undefined) stream.window += increment;
    this.unblock();
  }

  private unblock(): void {
    const { blocked } = this;
    this.blocked = [];
    for (const id of blocked) this.sendMessage(id);
  }

  /** Sends what waits for a stream. */
  private beginWaiting(): void {
    while (this.streams.size < this.streamsMax && this.waiting.length > 0) {
      // A connection stands for many callers that do not know of each other: any of them may be next.
      const at = Math.floor(Math.random() * this.waiting.length);
      const last = this.waiting.pop();
      const next = this.waiting[at] ?? last;
      if (last === undefined || next === undefined) return;
      if (at < this.waiting.length) this.waiting[at] = last;
      if (this.broken !== '') next.done(this.broken, Buffer.alloc(0));
      else if (next.until <= performance.now()) next.done(GIVEN_UP, Buffer.alloc(0));
      else this.begin(next);
    }
  }

  /** What was refused before it was looked at is sent again, as every client of gRPC does. */
  private sendAgain(id: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.streams.delete(id);
    const { headers, message, done, until } = stream;
    this.waiting.push({ headers, message, done, until });
    this.beginWaiting();
  }

  private finish(id: number, failure: string): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    this.streams.delete(id);
    this.beginWaiting();
    const [first = Buffer.alloc(0), ...more] = stream.chunks;
    stream.done(failure, more.length === 0 ? first : Buffer.concat(stream.chunks));
  }

  private breakOff(why: string): void {
    if (this.broken === '') this.broken = why;
    for (const id of [...this.streams.keys()]) this.finish(id, this.broken);
    this.beginWaiting();
  }
}

/**
 * The header block of a call, in HPACK literals without compression.
 *
 * @param timeoutMs how long the caller waits; null: for ever
 */
export function requestHeaders(address: string, path: string, timeoutMs: number | null = null): Buffer {
  return Buffer.concat([
    // `:method: POST` and `:scheme: http`, from the static table.
    Buffer.of(0x83, 0x86),
    // The names `:path`, `:authority` and `content-type` from the static table, the values as they are.
    Buffer.of(0x04),
    literal(path),
    Buffer.of(0x01),
    literal(address),
    Buffer.of(0x0f, 0x10),
    literal('application/grpc'),
    Buffer.of(0x00),
    literal('te'),
    literal('trailers'),
    ...(timeoutMs === null ? [] : [Buffer.of(0x00), literal('grpc-timeout'), literal(`${timeoutMs}m`)]),
  ]);
}

/** A message in its gRPC frame: the flag for "not compressed", the length, the bytes. */
export function grpcFrame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(5 + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, 5);
  return framed;
}

function literal(text: string): Buffer {
  if (text.length >= 0x7f) throw new RangeError(`too long for a length of one byte: ${text}`);
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text, 'latin1')]);
}

function frameHeader(length: number, type: number, flags: number, id: number): Buffer {
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return header;
}

function frame(type: number, flags: number, id: number, payload: Buffer): Buffer {
  return Buffer.concat([frameHeader(payload.length, type, flags, id), payload]);
}

function settings(...values: (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * values.length);
  values.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  });
  return payload;
}

function windowUpdate(increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment);
  return frame(WINDOW_UPDATE, 0, 0, payload);
}
