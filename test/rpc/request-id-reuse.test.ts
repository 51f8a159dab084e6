import { status } from '@grpc/grpc-js';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { contentOf, type RawCall } from '../harness/raw-client';
import { rawCalls } from '../harness/raw-calls';

/** Field numbers of CreditRequest. */
const SOURCE = 5;
const DESCRIPTION = 6;

describe.each(TOPOLOGIES)('a request id that was used before ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let userId: string;
  let users = 0;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  beforeEach(() => {
    userId = `user-${(users += 1)}`;
  });
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));
  afterEach(() => expect(ledger.refusals()).toEqual([]));

  const content = () => ({
    requestId: 'first',
    userId,
    asset: 'GOLD',
    amount: 10n,
    source: '@bank',
    description: 'pay',
    reference: 'ref-1',
    metadata: { note: 'a', other: 'b' },
    effectiveTime: { seconds: 1_700_000_000n, nanos: 5_000 },
  });

  it.each([
    ['asset', { asset: 'PEEP' }],
    ['amount', { amount: 11n }],
    ['source', { source: '@bank2' }],
    ['description', { description: 'pay ' }],
    ['reference', { reference: 'ref-2' }],
    ['value of metadata', { metadata: { note: 'a', other: 'c' } }],
    ['key of metadata', { metadata: { note: 'a', others: 'b' } }],
    ['number of metadata', { metadata: { note: 'a' } }],
    ['effective time', { effectiveTime: { seconds: 1_700_000_000n, nanos: 6_000 } }],
    ['absence of an effective time', { effectiveTime: undefined }],
  ])('is refused with another %s, and the first answer stands', async (_name, change) => {
    const first = await ledger.raw().send(rawCalls.credit(content()));
    expect(first).toMatchObject({ code: status.OK });

    await expectReused(rawCalls.credit({ ...content(), ...change }));

    expect(await ledger.raw(1).send(rawCalls.credit(content()))).toEqual({ ...first, replayed: 'true' });
    expect(await bookedOf(userId)).toBe('1');
  });

  it('is refused for another method', async () => {
    const first = await ledger.raw().send(rawCalls.credit(content()));
    const purchase = rawCalls.purchase({
      requestId: 'first',
      userId,
      subject: { $case: 'price', value: { asset: 'GOLD', amount: 10n } },
    });

    await expectReused(purchase);

    expect(await ledger.raw(1).send(rawCalls.credit(content()))).toEqual({ ...first, replayed: 'true' });
    const { balance } = await ledger.client().getBalance({ userId, asset: 'GOLD' });
    expect(balance).toMatchObject({ balance: 10n, sequence: 1n });
  });

  it('is refused after a failure too', async () => {
    const purchase = (amount: bigint) =>
      rawCalls.purchase({
        requestId: 'first',
        userId,
        subject: { $case: 'price', value: { asset: 'GOLD', amount } },
      });
    const refused = await ledger.raw().send(purchase(10n));
    expect(refused).toMatchObject({ code: status.FAILED_PRECONDITION });
    await ledger.client().credit({ userId, asset: 'GOLD', amount: 100n });

    await expectReused(purchase(9n));

    expect(await ledger.raw(1).send(purchase(10n))).toEqual({ ...refused, replayed: 'true' });
  });

  it('goes to one of several contents that come at once; the others book nothing', async () => {
    for (let round = 0; round < 5; round += 1) {
      const requestId = `race-${round}`;
      const calls = Array.from({ length: 20 }, (_, n) =>
        rawCalls.credit({ requestId, userId, asset: 'GOLD', amount: BigInt(n % 5) + 1n }),
      );
      const answers = await Promise.all(calls.map((call, n) => ledger.raw(n).send(call)));

      const winner = answers.findIndex(({ code, replayed }) => code === 0 && replayed === undefined);
      expect(winner).toBeGreaterThanOrEqual(0);
      for (const [index, answer] of answers.entries()) {
        if (index % 5 === winner % 5) expect(contentOf(answer)).toEqual(contentOf(answers[winner]!));
        else expect(answer).toMatchObject({ code: status.ALREADY_EXISTS, replayed: undefined });
      }
    }
    expect(await bookedOf(userId)).toBe('5');
  });

  it('goes to one of several contents that all fail and lock nothing', async () => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const value = { asset: 'GOLD', amount: BigInt(n % 2) + 1n };
          return ledger
            .raw(n % 2)
            .send(
              rawCalls.purchase({ requestId: `race-${round}`, userId, subject: { $case: 'price', value } }),
            );
        }),
      );
      const codes = answers.map(({ code }) => code);
      expect(codes.filter((code) => code === status.FAILED_PRECONDITION)).toHaveLength(10);
      expect(codes.filter((code) => code === status.ALREADY_EXISTS)).toHaveLength(10);
      expect(
        answers.filter(({ code, replayed }) => code === status.FAILED_PRECONDITION && replayed === undefined),
      ).toHaveLength(1);
    }
  });

  it('is another one under another user, and in the catalog', async () => {
    const other = `${userId}-other`;
    const item = { itemId: `item-of-${userId}`, name: 'Item', asset: 'GOLD', price: 1n };
    const calls = [
      rawCalls.credit({ ...content(), requestId: `mine-${userId}` }),
      rawCalls.credit({ ...content(), requestId: `mine-${userId}`, userId: other }),
      rawCalls.putItem({ ...item, requestId: `mine-${userId}` }),
    ];
    for (const [turn, call] of calls.entries()) {
      expect(await ledger.raw(turn).send(call)).toMatchObject({ code: status.OK, replayed: undefined });
    }
    for (const [turn, call] of calls.entries()) {
      expect(await ledger.raw(turn + 1).send(call)).toMatchObject({ code: status.OK, replayed: 'true' });
    }
    expect([await bookedOf(userId), await bookedOf(other)]).toEqual(['1', '1']);
  });

  it('is one of many when all users choose the same at once', async () => {
    const calls = Array.from({ length: 40 }, (_, n) =>
      rawCalls.credit({ ...content(), requestId: 'popular', userId: `${userId}-${n % 20}` }),
    );
    const answers = await Promise.all(calls.map((call, n) => ledger.raw(n).send(call)));
    expect(answers.filter(({ code }) => code !== status.OK)).toEqual([]);
    expect(answers.filter(({ replayed }) => replayed === undefined)).toHaveLength(20);
    for (let n = 0; n < 20; n += 1) {
      expect(contentOf(answers[n]!)).toEqual(contentOf(answers[n + 20]!));
      expect(await bookedOf(`${userId}-${n}`)).toBe('1');
    }
  });

  it('is refused for another version of an item', async () => {
    const item = { requestId: `item-${userId}`, itemId: userId, name: 'Item', asset: 'GOLD', price: 1n };
    await ledger.client().putItem(item);
    for (const change of [
      { itemId: `${userId}x` },
      { name: 'Items' },
      { asset: 'PEEP' },
      { price: 2n },
      { active: true },
      { grantAsset: 'TICKET' },
      { expectedVersion: 1n },
    ]) {
      await expect(ledger.client(1).putItem({ ...item, ...change })).rejects.toMatchObject({
        reason: 'REQUEST_ID_REUSED',
        metadata: { user_id: '@catalog', request_id: item.requestId },
      });
    }
    expect(await ledger.client().putItem(item)).toMatchObject({ replayed: true, item: { version: 1n } });
  });

  it('means the same with its metadata in another order and its defaults spelt out', async () => {
    const plain = { requestId: 'same', userId, asset: 'GOLD', amount: 3n };
    const first = await ledger
      .raw()
      .send(rawCalls.credit({ ...plain, metadata: { b: '2', a: '1', c: '3' } }));
    expect(first).toMatchObject({ code: status.OK });

    const sameAgain = [
      rawCalls.credit({ ...plain, metadata: { c: '3', a: '1', b: '2' } }),
      rawCalls.credit({ ...plain, metadata: { a: '1', b: '2', c: '3' }, source: '@issuance' }),
      withField(rawCalls.credit({ ...plain, metadata: { a: '1', b: '2', c: '3' } }), SOURCE, ''),
      withField(rawCalls.credit({ ...plain, metadata: { a: '1', b: '2', c: '3' } }), DESCRIPTION, ''),
    ];
    expect(new Set(sameAgain.map(({ bytes }) => bytes.toString('hex'))).size).toBe(4);
    for (const [turn, call] of sameAgain.entries()) {
      expect(await ledger.raw(turn).send(call)).toEqual({ ...first, replayed: 'true' });
    }
  });

  it('means the same for a purchase with its destination spelt out', async () => {
    await ledger.client().credit({ userId, asset: 'GOLD', amount: 9n });
    const subject = { $case: 'price', value: { asset: 'GOLD', amount: 2n } } as const;
    const plain = { requestId: 'bought', userId, subject };
    const first = await ledger.raw().send(rawCalls.purchase(plain));
    expect(first).toMatchObject({ code: status.OK });
    expect(await ledger.raw(1).send(rawCalls.purchase({ ...plain, destination: '@revenue' }))).toEqual({
      ...first,
      replayed: 'true',
    });
  });

  async function expectReused(call: RawCall): Promise<void> {
    for (const turn of [0, 1]) {
      expect(await ledger.raw(turn).send(call)).toMatchObject({
        code: status.ALREADY_EXISTS,
        message: `request_id first of ${userId} was used before for something else`,
        replayed: undefined,
      });
    }
  }

  async function bookedOf(user: string): Promise<string | undefined> {
    const [row] = await ledger.database.query<{ count: string }>(
      'SELECT count(*) FROM ledger.transactions WHERE user_id = $1',
      [user],
    );
    return row?.count;
  }
});

/** The same message with one more field at its end. */
function withField({ path, bytes }: RawCall, field: number, value: string): RawCall {
  const text = new BinaryWriter()
    .uint32((field << 3) | 2)
    .string(value)
    .finish();
  return { path, bytes: Buffer.concat([bytes, text]) };
}
