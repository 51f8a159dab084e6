import { once } from 'node:events';
import {
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { CreditRequest, CreditResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { LedgerClient } from './ledger-client';
import { replies, startScriptedLedger } from './testing';

const gold = { userId: 'ada', asset: 'GOLD', amount: 5n };
/** Of gRPC, before each message: not compressed, and its length. */
const PREFIX_BYTES = 5;
const codes = [
  'NGHTTP2_NO_ERROR',
  'NGHTTP2_PROTOCOL_ERROR',
  'NGHTTP2_INTERNAL_ERROR',
  'NGHTTP2_FLOW_CONTROL_ERROR',
  'NGHTTP2_STREAM_CLOSED',
  'NGHTTP2_REFUSED_STREAM',
  'NGHTTP2_CANCEL',
  'NGHTTP2_ENHANCE_YOUR_CALM',
  'NGHTTP2_INADEQUATE_SECURITY',
] as const;

let server: Http2Server;
let client: LedgerClient;
let sessions: ServerHttp2Session[];
/** The request id of each attempt. */
let requestIds: string[];

/** Starts a server that resets the streams of its first calls with a code of HTTP/2, and answers the others. */
async function start(code: (typeof codes)[number], resets: number): Promise<void> {
  sessions = [];
  requestIds = [];
  server = createServer();
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      requestIds.push(CreditRequest.decode(Buffer.concat(chunks).subarray(PREFIX_BYTES)).requestId);
      if (requestIds.length <= resets) stream.close(constants[code]);
      else respond(stream);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new LedgerClient({
    address: `127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    timeoutMs: 3_600_000,
    retry: { maxAttempts: 3, initialBackoffMs: 1 },
  });
}

function respond(stream: ServerHttp2Stream): void {
  const message = CreditResponse.encode(
    CreditResponse.fromPartial({ transaction: {}, balance: {} }),
  ).finish();
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(message.length, 1);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.concat([prefix, message]));
}

describe.each(codes)('a write whose stream was reset with %s', (code) => {
  afterEach(() => {
    client.close();
    for (const session of sessions) session.destroy();
    server.close();
  });

  it('is sent again with its request id', async () => {
    await start(code, 1);
    await client.credit({ ...gold, requestId: 'order-1' });
    expect(requestIds).toEqual(['order-1', 'order-1']);
  });

  it('has an unknown outcome when no attempt is left', async () => {
    await start(code, Infinity);
    await expect(client.credit({ ...gold, requestId: 'order-1' })).rejects.toMatchObject({
      attempts: 3,
      outcomeUnknown: true,
      reason: undefined,
    });
    expect(new Set(requestIds)).toEqual(new Set(['order-1']));
  });
});

it('costs other calls of the connection an attempt at most when a thousand are cancelled', async () => {
  const cancelled = 1_500;
  const abort = new AbortController();
  const calls = { held: false };
  const ledger = await startScriptedLedger({
    getBalance: Array.from({ length: cancelled }, () => () => undefined),
    credit: [() => (calls.held = true), replies({ transaction: {}, balance: {} })],
  });
  const one = new LedgerClient({ address: ledger.address, timeoutMs: 3_600_000 });
  const credit = one.credit({ ...gold, requestId: 'order-1' });
  const reads = Array.from({ length: cancelled }, () => one.getBalance(gold, { signal: abort.signal }));
  const ends = Promise.allSettled(reads);
  while (ledger.calls.length <= cancelled) await new Promise(setImmediate);
  abort.abort();
  expect(new Set((await ends).map(({ status }) => status))).toEqual(new Set(['rejected']));
  // Node ends the connection of a caller that resets so much.
  await credit;
  expect(ledger.requests('credit').map(({ requestId }) => requestId)).toEqual(['order-1', 'order-1']);
  one.close();
  ledger.close();
});
