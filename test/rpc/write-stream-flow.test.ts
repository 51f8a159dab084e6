import { status } from '@grpc/grpc-js';
import { lockAccount, type AccountLock } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { AN_HOUR_MS } from '../harness/limits';
import { LedgerProcess } from '../harness/ledger-process';
import { startLedger } from '../harness/ledger-under-test';
import { RawClient, type RawCall } from '../harness/raw-client';
import { rawCalls } from '../harness/raw-calls';
import { RawHttp2 } from '../harness/raw-http2';
import { RawStream, streamItem } from '../harness/raw-stream';
import { Status } from '@ledger/proto/google/rpc/status';
import { ErrorInfo } from '@ledger/proto/google/rpc/error_details';
import { GetBalanceResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from '../harness/test-database';
import { startTestServer, type TestServer } from '../harness/test-server';
import { waitUntil } from '../harness/wait-until';

const asset = 'GOLD';
const WINDOW = 16;
const WRITE_STREAM = '/ledger.v1.LedgerService/WriteStream';

function credit(userId: string, requestId: string, description = ''): RawCall {
  return rawCalls.credit({ userId, requestId, asset, amount: 1n, description });
}

describe('a stream that sends more than it may have out', () => {
  let database: TestDatabase;
  let server: TestServer;
  let stream: RawStream;
  let lock: AccountLock;

  beforeEach(async () => {
    database = await createTestDatabase();
    // What waits for the held account does not hold up other writes.
    server = await startTestServer(database.url, {
      ...{ streamWindow: WINDOW, lockTimeoutMs: 100, lockWaitMs: AN_HOUR_MS },
    });
    stream = new RawStream(server.address);
    await server.client.credit({ userId: 'held', asset, amount: 1n });
    lock = await lockAccount(database, 'held', asset);
  });
  afterEach(async () => {
    stream.close();
    await lock.release();
    expect(await checkLedger(database)).toEqual([]);
    await database.drop();
  });

  it('is told its window at once, has no more than that begun, and gets every answer in the end', async () => {
    await waitUntil('the window is told', () => stream.windows.length > 0);
    const held = Array.from({ length: WINDOW }, (_, tag) => streamItem(tag, credit('held', `held-${tag}`)));
    stream.send([...held, streamItem(90, credit('free', 'same-message'))]);
    stream.send([streamItem(91, credit('free', 'next-message'))]);
    await waitUntil('the items have come to the server', () => lock.isBlocked());
    // It comes after them, and is booked meanwhile.
    await server.client.credit({ userId: 'free', asset, amount: 1n });
    expect(stream.answers.size).toBe(0);
    const { balance } = await server.client.getBalance({ userId: 'free', asset });
    expect(balance).toMatchObject({ sequence: 1n });

    await lock.release();
    for (const tag of [0, WINDOW - 1, 90, 91]) expect(await stream.answer(tag)).toMatchObject({ code: 0 });
    expect(stream.answers.size).toBe(WINDOW + 2);
    expect(new Set(stream.windows)).toEqual(new Set([WINDOW]));
    await server.stop();
  });

  it('gets the answers to what was begun when the server stops, and is told that it stops', async () => {
    stream.send(
      Array.from({ length: WINDOW + 5 }, (_, tag) => streamItem(tag, credit('held', `held-${tag}`))),
    );
    await waitUntil('the items have come to the server', () => lock.isBlocked());
    const stopped = server.stop();
    await lock.release();
    const { code, details } = await stream.ended;
    expect(code).toBe(status.UNAVAILABLE);
    const [info] = Status.decode(Buffer.from(details, 'hex')).details;
    expect(ErrorInfo.decode(info!.value)).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    const tags = [...stream.answers.keys()].sort((one, other) => one - other);
    expect(tags).toEqual(Array.from({ length: WINDOW }, (_, tag) => tag));
    for (const { code: outcome } of stream.answers.values()) expect(outcome).toBe(0);
    await stopped;
  });
});

describe('the window of a stream', () => {
  it('is smaller while little room is left in the queue', async () => {
    const ledger = await startLedger(1, { queueMax: 100, streamWindow: 1_024 });
    const stream = new RawStream(ledger.servers[0]!.address);
    await waitUntil('the window is told', () => stream.windows.length > 0);
    expect(stream.windows).toEqual([25]);
    stream.close();
    await ledger.dispose();
  });
});

describe('a server with limits', () => {
  let database: TestDatabase;
  let server: LedgerProcess;
  let address: string;
  let client: RawClient;

  async function start(settings: Readonly<Record<string, string>>): Promise<void> {
    database = await createEmptyDatabase();
    server = new LedgerProcess({ DATABASE_URL: database.url, ...settings });
    address = await server.listening();
    client = new RawClient(address);
  }
  afterEach(async () => {
    client.close();
    await server.dispose();
    await database.drop();
  });

  it('begins no more of a stream that does not read its answers, and closes its connection', async () => {
    await start({ LEDGER_CONNECTION_UNREAD_MAX_BYTES: '1500000' });
    const stream = new RawStream(address);
    stream.pause();
    // The answers have 15 MB. Of one that is as large as it may be, the guard sees less than the limit by itself.
    const metadata = Object.fromEntries(
      Array.from({ length: 16 }, (_, key) => [`key-${key}`, 'v'.repeat(250)]),
    );
    for (let message = 0; message < 300; message += 1) {
      stream.send(
        Array.from({ length: 10 }, (_, tag) =>
          streamItem(
            tag,
            rawCalls.credit({ userId: 'ada', requestId: `${message}-${tag}`, asset, amount: 1n, metadata }),
          ),
        ),
      );
    }
    await server.logged('a connection was closed: it does not read its answers');
    stream.resume();
    expect(await stream.ended).not.toMatchObject({ code: 0 });
    stream.close();
    const { balance } = GetBalanceResponse.decode(
      Buffer.from((await client.send(rawCalls.getBalance({ userId: 'ada', asset }))).bytes, 'hex'),
    );
    expect(balance?.sequence).toBeLessThan(3_000n);
    expect(await client.send(credit('ada', 'later'))).toMatchObject({ code: 0 });
  });

  it('lets a stream go on for longer, and with more bytes, than a call may have', async () => {
    await start({ LEDGER_REQUEST_TIME_MAX_MS: '100', LEDGER_MESSAGE_MAX_BYTES: '65536' });
    const stream = new RawStream(address);
    const ended = jest.fn();
    void stream.ended.then(ended);
    const began = performance.now();
    for (let tag = 1; tag <= 150 || performance.now() - began < 1_000; tag += 1) {
      expect(await stream.write(credit('ada', `long-${tag}`, 'd'.repeat(512)), tag)).toMatchObject({
        code: 0,
      });
    }
    expect(ended).not.toHaveBeenCalled();
    stream.close();
  });

  it('ends a stream whose message does not come to its end, and one whose message is too large', async () => {
    await start({ LEDGER_REQUEST_TIME_MAX_MS: '200', LEDGER_MESSAGE_MAX_BYTES: '65536' });
    const connection = await RawHttp2.connect(address);
    connection.begin();
    const [slow, large] = [connection.open(WRITE_STREAM), connection.open(WRITE_STREAM)];
    connection.data(slow, Buffer.from([0, 0, 0, 1, 0, 7]));
    await server.logged('a call was ended: it took too long');
    connection.data(large, Buffer.from([0, 0, 1, 0, 1]));
    await server.logged('a request was refused: it is too large');
    connection.socket.destroy();
    expect(await client.send(credit('ada', 'later'))).toMatchObject({ code: 0 });
  });
});
