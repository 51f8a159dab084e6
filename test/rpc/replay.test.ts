import { schemaOfUser } from '../harness/cell-schemas';
import { status } from '@grpc/grpc-js';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { contentOf, RawClient, type RawAnswer, type RawCall } from '../harness/raw-client';
import { startTestServer } from '../harness/test-server';
import { rawCalls } from '../harness/raw-calls';

const COPIES = 50;

describe.each(TOPOLOGIES)('a request that is sent again ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));
  afterEach(() => expect(ledger.refusals()).toEqual([]));

  it('is booked once when 50 copies are under way at once, also as the first write of its account', async () => {
    for (let round = 0; round < 5; round += 1) {
      const userId = `copies-${round}`;
      const answers = await sendCopies(
        rawCalls.credit({ requestId: 'only', userId, asset: 'GOLD', amount: 7n }),
      );

      expectOneAnswer(answers, status.OK);
      expect(await transactionsOf(userId)).toBe('1');
      expect(await balanceOf(userId)).toMatchObject({ balance: 7n, sequence: 1n });
    }
  });

  it('is paid once when 50 copies of a purchase are under way at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const userId = `buyer-${round}`;
      await ledger.client().credit({ userId, asset: 'GOLD', amount: 100n });
      const answers = await sendCopies(purchaseOf(userId, 'only', 30n));

      expectOneAnswer(answers, status.OK);
      expect(await transactionsOf(userId)).toBe('2');
      expect(await balanceOf(userId)).toMatchObject({ balance: 70n, sequence: 2n });
    }
  });

  it('makes one version of an item of 50 copies', async () => {
    const call = rawCalls.putItem({
      requestId: 'once',
      itemId: 'mug',
      name: 'Mug',
      asset: 'GOLD',
      price: 3n,
    });
    expectOneAnswer(await sendCopies(call), status.OK);
    expect(await ledger.client().listItems({ includeInactive: true })).toMatchObject({
      items: [{ itemId: 'mug', version: 1n }],
    });
  });

  it('gets its refusal again, also when the money has come by then', async () => {
    await ledger.client().credit({ userId: 'poor', asset: 'GOLD', amount: 10n });
    const call = purchaseOf('poor', 'too-much', 11n);
    const answers = await sendCopies(call);

    const refusal = expectOneAnswer(answers, status.FAILED_PRECONDITION);
    expect(refusal).toMatchObject({ message: 'account poor GOLD has 10 available, 11 required' });

    await ledger.client().credit({ userId: 'poor', asset: 'GOLD', amount: 1000n });
    for (const turn of [0, 1]) {
      expect(await ledger.raw(turn).send(call)).toEqual({ ...refusal, replayed: 'true' });
    }
    expect(await balanceOf('poor')).toMatchObject({ balance: 1010n, sequence: 2n });
    // A new id is a new try.
    expect(await ledger.raw().send(purchaseOf('poor', 'again', 11n))).toMatchObject({ code: status.OK });
  });

  it.each([
    ['an account that is not there', (n: number) => purchaseOf(`nobody-${n}`, 'only', 1n)],
    [
      'an item that is not there',
      (n: number) =>
        rawCalls.purchase({
          ...{ requestId: 'only', userId: `reader-${n}` },
          subject: { $case: 'item', value: { itemId: 'none', quantity: 1n } },
        }),
    ],
    [
      'a version that is not there',
      (n: number) =>
        rawCalls.putItem({
          ...{ requestId: `unborn-${n}`, itemId: 'none', name: 'None', asset: 'GOLD', price: 1n },
          expectedVersion: 7n,
        }),
    ],
  ])('is refused once by 50 copies that lock nothing, for %s', async (_name, callOf) => {
    for (let round = 0; round < 10; round += 1) {
      const answers = await sendCopies(callOf(round));
      expectOneAnswer(answers, answers[0]!.code);
      expect([status.FAILED_PRECONDITION, status.NOT_FOUND, status.ABORTED]).toContain(answers[0]!.code);
    }
  });

  it('gets the balance of its time, whatever came after', async () => {
    const call = rawCalls.credit({ requestId: 'early', userId: 'moved', asset: 'GOLD', amount: 1n });
    const first = await ledger.raw().send(call);
    await ledger.client(1).credit({ userId: 'moved', asset: 'GOLD', amount: 99n });

    const again = await ledger.raw(1).send(call);
    expect(again).toEqual({ ...first, replayed: 'true' });
  });

  it('is marked as replayed by the client, for answers and for errors', async () => {
    const credit = { requestId: 'c', userId: 'marked', asset: 'GOLD', amount: 4n };
    const first = await ledger.client().credit(credit);
    expect(first.replayed).toBe(false);
    expect(await ledger.client(1).credit(credit)).toEqual({
      ...first,
      replayed: true,
      position: expect.any(String),
    });

    const subject = { $case: 'price', value: { asset: 'GOLD', amount: 5n } } as const;
    const purchase = { requestId: 'p', userId: 'marked', subject };
    const refused: unknown = await ledger
      .client()
      .purchase(purchase)
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    expect(refused).not.toMatchObject({ replayed: true });
    await expect(ledger.client(1).purchase(purchase)).rejects.toMatchObject({
      replayed: true,
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { balance: '4', required: '5' },
    });
  });

  it('is not remembered when it was malformed', async () => {
    const malformed = rawCalls.credit({ requestId: 'shape', userId: 'typo', asset: 'GOLD', amount: 0n });
    expect(await ledger.raw().send(malformed)).toMatchObject({ code: status.INVALID_ARGUMENT });
    const corrected = rawCalls.credit({ requestId: 'shape', userId: 'typo', asset: 'GOLD', amount: 1n });
    expect(await ledger.raw().send(corrected)).toMatchObject({ code: status.OK, replayed: undefined });
    // The shape is judged before the request is looked up.
    expect(await ledger.raw().send(malformed)).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it('gets the same answer from a server that was started later', async () => {
    const calls = [
      rawCalls.credit({
        requestId: 'in',
        userId: 'later',
        asset: 'GOLD',
        amount: 5n,
        metadata: { b: '2', a: '1' },
      }),
      purchaseOf('later', 'out', 3n),
      purchaseOf('later', 'refused', 3n),
      rawCalls.putItem({ requestId: 'later', itemId: 'later', name: 'Later', asset: 'GOLD', price: 1n }),
    ];
    const first: RawAnswer[] = [];
    for (const call of calls) first.push(await ledger.raw().send(call));
    expect(first.map(({ code }) => code)).toEqual([0, 0, status.FAILED_PRECONDITION, 0]);

    const restarted = await startTestServer(ledger.database.url);
    const raw = new RawClient(restarted.address);
    try {
      for (const [index, call] of calls.entries()) {
        expect(await raw.send(call)).toEqual({ ...first[index], replayed: 'true' });
      }
    } finally {
      raw.close();
      await restarted.stop();
    }
  });

  function sendCopies(call: RawCall): Promise<RawAnswer[]> {
    return Promise.all(Array.from({ length: COPIES }, (_, n) => ledger.raw(n).send(call)));
  }

  /** All are byte-identical, and all but the one that was carried out say that they are replays. */
  function expectOneAnswer(answers: readonly RawAnswer[], code: status): RawAnswer {
    expect(answers).toHaveLength(COPIES);
    const carriedOut = answers.filter(({ replayed }) => replayed !== 'true');
    expect(carriedOut).toHaveLength(1);
    const [first] = carriedOut;
    expect(first).toMatchObject({ code, replayed: undefined });
    expect(first!.bytes.length).toBeGreaterThan(20);
    for (const answer of answers) expect(contentOf(answer)).toEqual(contentOf(first!));
    return first!;
  }

  function purchaseOf(userId: string, requestId: string, amount: bigint): RawCall {
    return rawCalls.purchase({
      requestId,
      userId,
      subject: { $case: 'price', value: { asset: 'GOLD', amount, itemId: 'thing' } },
    });
  }

  async function balanceOf(userId: string) {
    return (await ledger.client(1).getBalance({ userId, asset: 'GOLD' })).balance;
  }

  async function transactionsOf(userId: string): Promise<string | undefined> {
    const [row] = await ledger.database.query<{ count: string }>(
      `SELECT count(*) FROM ${await schemaOfUser(ledger.database, userId)}.transactions WHERE user_id = $1`,
      [userId],
    );
    return row?.count;
  }
});
