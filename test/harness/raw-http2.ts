import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An HTTP/2 connection made of single frames, for what no library would send. It answers nothing by itself. */
export class RawHttp2 {
  readonly socket: Socket;
  /** Everything that came. */
  received = Buffer.alloc(0);
  private streamId = -1;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => (this.received = Buffer.concat([this.received, chunk])));
  }

  /** A connection that is not used yet. */
  static async connect(address: string): Promise<RawHttp2> {
    const at = address.lastIndexOf(':');
    const socket = connect(Number(address.slice(at + 1)), address.slice(0, at));
    await once(socket, 'connect');
    return new RawHttp2(socket);
  }

  /** What every connection begins with. */
  begin(): this {
    this.socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0)]));
    return this;
  }

  /** Opens a stream with its headers; a call of gRPC whose message is still to come. */
  open(path: string): number {
    this.streamId += 2;
    this.socket.write(headersOf(this.streamId, path));
    return this.streamId;
  }

  /** Opens streams and cancels them at once, in one packet. */
  cancelCalls(path: string, count: number, code = CANCEL): void {
    const frames: Buffer[] = [];
    const errorCode = Buffer.from([0, 0, 0, code]);
    for (let index = 0; index < count; index += 1) {
      this.streamId += 2;
      frames.push(headersOf(this.streamId, path), frame(RST_STREAM, 0, this.streamId, errorCode));
    }
    this.socket.write(Buffer.concat(frames));
  }

  /** Opens streams in one packet, each with all of its message. */
  openCalls(path: string, message: Buffer, count: number): number[] {
    const head = Buffer.alloc(5);
    head.writeUInt32BE(message.length, 1);
    const ids = Array.from({ length: count }, () => (this.streamId += 2));
    const framed = Buffer.concat([head, message]);
    this.socket.write(
      Buffer.concat(ids.flatMap((id) => [headersOf(id, path), frame(DATA, END_STREAM, id, framed)])),
    );
    return ids;
  }

  /** Cancels streams in one packet. */
  cancel(ids: readonly number[]): void {
    this.socket.write(
      Buffer.concat(ids.map((id) => frame(RST_STREAM, 0, id, Buffer.from([0, 0, 0, CANCEL])))),
    );
  }

  /** Sends a part of a call's message. */
  data(streamId: number, bytes: Buffer, isLast = false): void {
    this.socket.write(frame(DATA, isLast ? END_STREAM : 0, streamId, bytes));
  }

  /** Whether the other end has closed the connection. */
  get isClosed(): boolean {
    return this.socket.destroyed || this.socket.readableEnded;
  }

  /** The error codes of the GOAWAYs that came. */
  goaways(): number[] {
    return this.frames()
      .filter(({ type }) => type === GOAWAY)
      .map(({ payload }) => payload.readUInt32BE(4));
  }

  /** How many frames of settings came; none of them is acknowledged. */
  settings(): number {
    return this.frames().filter(({ type }) => type === SETTINGS).length;
  }

  /** How many streams were answered. */
  answers(): number {
    return this.frames().filter(({ type }) => type === HEADERS).length;
  }

  private frames(): { type: number; payload: Buffer }[] {
    const found: { type: number; payload: Buffer }[] = [];
    for (let at = 0; at + 9 <= this.received.length;) {
      const length = this.received.readUIntBE(at, 3);
      const end = at + 9 + length;
      if (end > this.received.length) break;
      found.push({ type: this.received.readUInt8(at + 3), payload: this.received.subarray(at + 9, end) });
      at = end;
    }
    return found;
  }
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;
const CANCEL = 8;

function frame(type: number, flags: number, streamId: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

function headersOf(streamId: number, path: string): Buffer {
  const fields = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ].flat();
  // HPACK without its tables: the literals, each with its length.
  const literals = fields.map((text, index) =>
    Buffer.concat([Buffer.from(index % 2 === 0 ? [0, text.length] : [text.length]), Buffer.from(text)]),
  );
  return frame(HEADERS, END_HEADERS, streamId, Buffer.concat(literals));
}
