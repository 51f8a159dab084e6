import {
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { checkLedger } from '../harness/check-ledger';
import { checkHealth } from '../harness/health-client';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';

/** What came back for one HTTP/2 stream. */
interface StreamAnswer {
  http?: number;
  /** The trailer or header `grpc-status`. */
  grpc?: number;
  /** How the stream ended. */
  reset?: number;
}

const MESSAGE_MAX_BYTES = 4 * 1024 * 1024;
const FRAME_HEADER_BYTES = 9;
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const FRAME = { HEADERS: 1, SETTINGS: 4, CONTINUATION: 9 };

let ledger: LedgerUnderTest;
let address = '';

beforeAll(async () => {
  ledger = await startLedger(1);
  ({ address } = ledger.servers[0]!);
});
afterAll(async () => {
  expect(await checkLedger(ledger.database)).toEqual([]);
  await ledger.dispose();
});
afterEach(async () => {
  expect(await checkHealth(address)).toBe('SERVING');
  await ledger.client().credit({ userId: 'afterwards', asset: 'GOLD', amount: 1n });
  expect(await ledger.client().getBalance({ userId: 'ada', asset: 'GOLD' })).toMatchObject({
    balance: { balance: 0n, sequence: 0n },
  });
  expect(ledger.servers[0]!.faults).toEqual([]);
});

const { bytes: message } = rawCalls.credit({ requestId: 'one', userId: 'ada', asset: 'GOLD', amount: 1n });

describe('a call whose frames are broken is answered and books nothing:', () => {
  it.each<[what: string, code: status, headers: OutgoingHttpHeaders, body: readonly Buffer[]]>([
    ['no message at all', status.UNIMPLEMENTED, {}, []],
    ['a part of the length', status.UNIMPLEMENTED, {}, [Buffer.of(0, 0)]],
    [
      'less than the length says',
      status.UNIMPLEMENTED,
      {},
      [framed(message, { length: message.length + 1 })],
    ],
    ['two messages', status.UNIMPLEMENTED, {}, [framed(message), framed(message)]],
    ['a length beyond everything', status.RESOURCE_EXHAUSTED, {}, [framed(message, { length: 0xffff_ffff })]],
    [
      'a message beyond the limit',
      status.RESOURCE_EXHAUSTED,
      {},
      [framed(Buffer.alloc(MESSAGE_MAX_BYTES + 1))],
    ],
    [
      'a small message that unpacks to 200 MB',
      status.RESOURCE_EXHAUSTED,
      { 'grpc-encoding': 'gzip' },
      [framed(gzipSync(Buffer.alloc(200_000_000)), { compressed: true })],
    ],
    [
      'a packing that the server does not know',
      status.UNIMPLEMENTED,
      { 'grpc-encoding': 'snappy' },
      [framed(message, { compressed: true })],
    ],
    // INTERNAL is what gRPC itself asks of servers for these three.
    [
      'a message that does not unpack',
      status.INTERNAL,
      { 'grpc-encoding': 'gzip' },
      [framed(message, { compressed: true })],
    ],
    [
      'a packed message that is cut off',
      status.INTERNAL,
      { 'grpc-encoding': 'gzip' },
      [framed(gzipSync(message).subarray(0, 12), { compressed: true })],
    ],
    ['a deadline that is no time', status.INTERNAL, { 'grpc-timeout': 'soon' }, [framed(message)]],
  ])('%s (%i)', async (_what, code, headers, body) => {
    expect(await callWith(headers, body)).toMatchObject({ http: 200, grpc: code });
  });

  it.each([['text/plain'], ['application/json'], ['']])('the content type %j', async (contentType) => {
    const answer = await callWith({ 'content-type': contentType }, [framed(message)]);
    expect(answer).toEqual({ http: constants.HTTP_STATUS_UNSUPPORTED_MEDIA_TYPE, reset: 0 });
  });

  it('two hundred headers', async () => {
    const headers = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`header-${index}`, 'v']));
    const answer = await callWith(headers, [framed(message)]);
    expect(answer).toEqual({ reset: constants.NGHTTP2_ENHANCE_YOUR_CALM });
  });

  it('a thousand streams that are given up at once', async () => {
    const session = connectHttp2(`http://${address}`);
    session.on('error', () => undefined);
    const streams = Array.from({ length: 1_000 }, () => {
      const stream = session.request(headersOf({}));
      stream.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => stream.once('close', resolve));
      stream.write(framed(message).subarray(0, 9));
      stream.close(constants.NGHTTP2_CANCEL);
      return closed;
    });
    await Promise.all(streams);
    session.destroy();
  });
});

it('tells callers how many calls one connection may have', async () => {
  const session = connectHttp2(`http://${address}`);
  const settings = await new Promise<{ maxConcurrentStreams?: number }>((resolve) => {
    session.once('remoteSettings', resolve);
  });
  session.destroy();
  expect(settings.maxConcurrentStreams).toBe(1_024);
});

describe('a connection that speaks something else', () => {
  it.each<[what: string, bytes: Buffer]>([
    ['HTTP/1.1', Buffer.from('POST /ledger.v1.LedgerService/Credit HTTP/1.1\r\nHost: ledger\r\n\r\n')],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['noise', Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7_919) % 251))],
    ['noise after the preface of HTTP/2', Buffer.concat([Buffer.from(PREFACE), Buffer.alloc(4_096, 7)])],
  ])('is closed: %s', async (_what, bytes) => {
    const socket = await openSocket();
    socket.write(bytes);
    await new Promise<void>((resolve) => socket.once('close', resolve));
  });

  it('is closed when its headers never end, long before they fill the memory', async () => {
    const socket = await openSocket();
    socket.write(Buffer.concat([Buffer.from(PREFACE), frame(FRAME.SETTINGS, 0, 0)]));
    // Literal header fields without indexing, in frames that never say END_HEADERS.
    const piece = Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.from([0x00, 0x01, 0x61, 0x01, 0x62])),
    );
    socket.write(Buffer.concat([frame(FRAME.HEADERS, 0, 1, piece.length), piece]));
    const more = Buffer.concat([frame(FRAME.CONTINUATION, 0, 1, piece.length), piece]);
    const FLOOD_FRAMES = 2_000;
    for (let sent = 0; sent < FLOOD_FRAMES && !socket.closed; sent += 1) {
      await new Promise((resolve) => socket.write(more, resolve));
    }
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
    expect(socket.bytesWritten).toBeLessThan(FLOOD_FRAMES * more.length);
  });
});

/** Sends one Credit with other headers or another body. Fails when nothing comes back. */
function callWith(headers: OutgoingHttpHeaders, body: readonly Buffer[]): Promise<StreamAnswer> {
  const session = connectHttp2(`http://${address}`);
  session.on('error', () => undefined);
  const stream = session.request(headersOf(headers));
  const answer: StreamAnswer = {};
  stream.on('response', (response) => {
    answer.http = Number(response[':status']);
    if (response['grpc-status'] !== undefined) answer.grpc = Number(response['grpc-status']);
  });
  stream.on('trailers', (trailers: IncomingHttpHeaders) => {
    answer.grpc = Number(trailers['grpc-status']);
  });
  stream.on('error', () => undefined);
  stream.resume();
  for (const piece of body) stream.write(piece);
  stream.end();
  return new Promise((resolve) => {
    stream.once('close', () => {
      answer.reset = stream.rstCode;
      session.destroy();
      resolve(answer);
    });
  });
}

function headersOf(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const path = '/ledger.v1.LedgerService/Credit';
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers };
}

/** A message as gRPC frames it: a byte that says whether it is compressed, its length, itself. */
function framed(bytes: Buffer, { length = bytes.length, compressed = false } = {}): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(compressed ? 1 : 0, 0);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, bytes]);
}

/** The header of an HTTP/2 frame. */
function frame(type: number, flags: number, stream: number, length = 0): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUIntBE(length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(stream, 5);
  return header;
}

async function openSocket(): Promise<Socket> {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.resume();
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}
