import { status } from '@grpc/grpc-js';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { contentOf, type RawCall } from '../harness/raw-client';
import { purchaseByPrice, rawCalls } from '../harness/raw-calls';
import { itemOfParts, lengthDelimited, RawStream, streamItem } from '../harness/raw-stream';
import { refusalOf } from '../harness/refusal';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { writes, type Given } from './invalid-requests';

const asset = 'GOLD';
/** BatchWrite is no item of a stream. */
const rows = Object.entries(writes).filter(([rpc]) => rpc !== 'batchWrite');

describe.each(TOPOLOGIES)('a stream of writes ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let stream: RawStream;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    ledger = await startLedger(servers);
    await ledger.client().putItem({ itemId: 'mug', name: 'Mug', asset, price: 5n, active: true });
  });
  afterAll(() => ledger.dispose());
  beforeEach(() => {
    userId = `ada-${(users += 1)}`;
    stream = new RawStream(ledger.servers[0]!.address);
  });
  afterEach(async () => {
    stream.close();
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it.each(rows)('replays what was booked alone, byte for byte: %s', async (_rpc, { corrected }) => {
    const call = corrected(await given());
    const alone = await ledger.raw(1).send(call);
    expect(alone).toMatchObject({ code: 0, replayed: undefined });
    expect(await stream.write(call)).toEqual({ ...alone, replayed: 'true' });
  });

  it.each(rows)('books what is replayed alone, byte for byte: %s', async (_rpc, { corrected }) => {
    const call = corrected(await given());
    const streamedFirst = await stream.write(call);
    expect(streamedFirst).toMatchObject({ code: 0, replayed: undefined });
    expect(await ledger.raw(1).send(call)).toEqual({ ...streamedFirst, replayed: 'true' });
  });

  it.each(rows)('refuses what its own rpc refuses, with the same bytes: %s', async (_rpc, { invalid }) => {
    const call = invalid(await given());
    const alone = await ledger.raw().send(call);
    expect(alone.code).toBe(status.INVALID_ARGUMENT);
    expect(await stream.write(call)).toEqual(alone);
  });

  it('keeps failures as they were, whichever way they came first', async () => {
    const poor = purchaseByPrice(asset, 5n);
    const alone = await ledger.raw(1).send(poor({ userId, requestId: 'alone' }));
    const there = await stream.write(poor({ userId, requestId: 'streamed' }));
    expect([alone.code, there.code]).toEqual([status.FAILED_PRECONDITION, status.FAILED_PRECONDITION]);
    await ledger.client().credit({ userId, asset, amount: 50n });
    expect(await stream.write(poor({ userId, requestId: 'alone' }))).toEqual({ ...alone, replayed: 'true' });
    expect(await ledger.raw(1).send(poor({ userId, requestId: 'streamed' }))).toEqual({
      ...there,
      replayed: 'true',
    });
  });

  it('books each write once when copies of it are under way by every way', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `copy-${index}`);
    const others = Array.from({ length: servers }, (_, n) => new RawStream(ledger.servers[n]!.address));
    const streams = [stream, ...others];
    for (const each of streams) each.send(ids.map((id, index) => streamItem(index, credit(id))));
    const alone = await Promise.all(ids.map((id, n) => ledger.raw(n).send(credit(id))));
    for (const [index, answer] of alone.entries()) {
      const answers = [answer, ...(await Promise.all(streams.map((each) => each.answer(index))))];
      expect(answers.filter(({ replayed }) => replayed === undefined)).toHaveLength(1);
      for (const each of answers) expect(contentOf(each)).toEqual(contentOf(answer));
    }
    for (const each of others) each.close();
    const { balance } = await ledger.client(1).getBalance({ userId, asset });
    expect(balance).toMatchObject({ balance: 30n, sequence: 30n });
  });

  it.each<[what: string, item: (call: RawCall) => Buffer, field: string, tag?: number]>([
    ['has no write', () => itemOfParts(9, Buffer.alloc(0)), 'write'],
    ['has a write that is unknown', () => itemOfParts(9, lengthDelimited(900, Buffer.alloc(3))), 'write'],
    ['has a write that is no message', () => itemOfParts(9, lengthDelimited(3, Buffer.from([0xff]))), ''],
    ['has a timeout below zero', (call) => streamItem(9, call, -1), 'timeout'],
    [
      'is too large',
      () => streamItem(9, rawCalls.credit({ userId: 'a', requestId: 'r', description: 'd'.repeat(65_536) })),
      'write',
    ],
    [
      'has far too many legs',
      () =>
        streamItem(
          9,
          rawCalls.postTransaction({ userId: 'a', legs: Array.from({ length: 1_000 }, () => ({})) }),
        ),
      'legs',
    ],
    ['cannot be read to its end', (call) => streamItem(9, call).subarray(0, -1), ''],
    ['cannot be read at all', () => Buffer.from([0xff, 0xff]), '', 0],
  ])('lets an item fail alone that %s', async (_what, item, field, tag = 9) => {
    stream.send([streamItem(1, credit('before')), item(credit('broken')), streamItem(2, credit('after'))]);
    expect(await stream.answer(1)).toMatchObject({ code: 0 });
    expect(await stream.answer(2)).toMatchObject({ code: 0 });
    const answer = await stream.answer(tag);
    expect(refusalOf(answer)).toMatchObject({ reason: 'INVALID_FIELD', fields: [field] });
    const { balance } = await ledger.client().getBalance({ userId, asset });
    expect(balance).toMatchObject({ balance: 2n, sequence: 2n });
    expect(await stream.write(credit('later'), 3)).toMatchObject({ code: 0 });
  });

  it('answers what it has, then ends, when a message is none', async () => {
    stream.send([streamItem(1, credit('before'))]);
    stream.sendBytes(Buffer.from([0xff]));
    expect(await stream.ended).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(stream.answers.get(1)).toMatchObject({ code: 0 });
  });

  it('answers all and ends with OK when the caller has sent its last item', async () => {
    stream.send([]);
    stream.send([1, 2, 3].map((tag) => streamItem(tag, credit(`last-${tag}`))));
    stream.end();
    expect(await stream.ended).toMatchObject({ code: status.OK });
    expect([...stream.answers.keys()].sort()).toEqual([1, 2, 3]);
  });

  it('starts no item whose time has passed, nor any after the deadline of the stream', async () => {
    await ledger.client().credit({ userId, asset, amount: 1n });
    expect(await stream.write(credit('at-once'), 1)).toMatchObject({ code: 0 });
    stream.send([streamItem(2, credit('too-late'), 0)]);
    expect(refusalOf(await stream.answer(2))).toMatchObject({ reason: 'NOT_STARTED' });
    const cut = new RawStream(ledger.servers[0]!.address, Date.now() - 1);
    cut.send([streamItem(1, credit('too-late'))]);
    expect(await cut.ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    cut.close();
    const { balance } = await ledger.client().getBalance({ userId, asset });
    expect(balance).toMatchObject({ sequence: 2n });
  });

  it('drops what was not started of a caller that has gone', async () => {
    await ledger.client().credit({ userId, asset, amount: 1n });
    const lock = await lockAccount(ledger.database, userId, asset);
    stream.send([streamItem(1, credit('started'))]);
    await lock.untilBlocked();
    stream.send([streamItem(2, credit('waits'))]);
    // Its answer shows that what was sent before it has come to the server.
    await ledger.raw().send(rawCalls.getBalance({ userId: 'nobody', asset }));
    stream.cancel();
    await stream.ended;
    await ledger.raw().send(rawCalls.getBalance({ userId: 'nobody', asset }));
    await lock.release();
    const again = await ledger.raw().send(credit('started'));
    expect(again).toMatchObject({ code: 0, replayed: 'true' });
    expect(await ledger.raw().send(credit('waits'))).toMatchObject({ code: 0, replayed: undefined });
  });

  function credit(requestId: string): RawCall {
    return rawCalls.credit({ userId, requestId, asset, amount: 1n });
  }

  async function given(): Promise<Given> {
    const client = ledger.client();
    const { transaction } = await client.credit({ userId, asset, amount: 100n });
    const { hold } = await client.placeHold({ userId, asset, amount: 10n });
    return {
      ...{ userId, requestId: `request-${users}` },
      ...{ transactionId: transaction.transactionId, holdId: hold.holdId },
    };
  }
});
