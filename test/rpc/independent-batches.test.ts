import { status } from '@grpc/grpc-js';
import { LedgerError, type BatchWriteItem } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { rawCalls } from '../harness/raw-calls';

const asset = 'GOLD';

describe.each(TOPOLOGIES)('a batch of independent writes ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    // Small chunks: the writes of a batch are spread over several database transactions.
    ledger = await startLedger(servers, { bulkBatchMax: 7 });
  });
  afterAll(() => ledger.dispose());
  beforeEach(() => {
    userId = `ada-${(users += 1)}`;
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it('answers each in order, and a failure stops nobody', async () => {
    const { results, replayed } = await ledger.client().batchWrite({
      writes: [credit('a', 10n), pay('b', 11n), pay('c', 4n), credit('d', 1n), pay('e', 7n), pay('f', 1n)],
    });
    expect(results.map(({ outcome }) => outcome?.$case)).toEqual([
      ...['credit', 'error', 'purchase', 'credit', 'purchase', 'error'],
    ]);
    expect(results.map((result) => result.replayed)).toEqual(results.map(() => false));
    expect(replayed).toBe(false);
    const [, refused] = results;
    if (refused?.outcome?.$case !== 'error') throw new Error('it was not refused');
    expect(LedgerError.fromStatus(refused.outcome.value, { method: 'purchase' })).toMatchObject({
      ...{ code: status.FAILED_PRECONDITION, reason: 'INSUFFICIENT_FUNDS' },
      metadata: { available: '10', required: '11' },
    });
    expect(await balanceOf()).toBe(0n);
  });

  it('gives each transaction randomness of its own', async () => {
    const writes = Array.from({ length: 21 }, (_, index) => credit(`random-${index}`, 1n));
    const { results } = await ledger.client().batchWrite({ writes });
    const random = results.map(({ outcome }) =>
      outcome?.$case === 'credit' ? outcome.value.transaction?.transactionId.slice(-12) : undefined,
    );
    expect(random).not.toContain(undefined);
    expect(new Set(random).size).toBe(writes.length);
  });

  it('carries every kind of write', async () => {
    await ledger.client().credit({ userId, asset, amount: 100n });
    const { transaction } = await ledger.client().credit({ userId, asset, amount: 5n });
    const held = await Promise.all(
      [1, 2].map((n) => ledger.client(n).placeHold({ userId, asset, amount: 10n })),
    );
    const [first, second] = held.map(({ hold }) => hold.holdId);
    const legs = [
      { userId, asset, change: -1n },
      { userId: 'bob', asset, change: 1n },
    ];
    const { results } = await ledger.client().batchWrite({
      writes: [
        credit('credit', 1n),
        pay('purchase', 1n),
        { write: { $case: 'transfer', value: { fromUserId: userId, toUserId: 'bob', asset, amount: 2n } } },
        { write: { $case: 'postTransaction', value: { userId, legs } } },
        {
          write: { $case: 'reverseTransaction', value: { userId, transactionId: transaction.transactionId } },
        },
        { write: { $case: 'placeHold', value: { userId, asset, amount: 3n } } },
        { write: { $case: 'captureHold', value: { userId, holdId: first!, amount: 4n } } },
        { write: { $case: 'releaseHold', value: { userId, holdId: second! } } },
      ],
    });
    expect(results.map(({ outcome }) => outcome?.$case)).toEqual([
      ...['credit', 'purchase', 'transfer', 'postTransaction', 'reverseTransaction'],
      ...['placeHold', 'captureHold', 'releaseHold'],
    ]);
    const { balance } = await ledger.client(1).getBalance({ userId, asset });
    expect(balance).toMatchObject({ balance: 93n, held: 3n });
  });

  it('replays a write that was sent alone, in another batch, or earlier in the same one', async () => {
    const alone = await ledger.client(1).credit({ requestId: 'alone', userId, asset, amount: 5n });
    const before = await ledger.client(1).batchWrite({ writes: [credit('batched', 6n), pay('poor', 99n)] });

    const { results } = await ledger.client().batchWrite({
      writes: [
        ...[
          credit('alone', 5n),
          credit('batched', 6n),
          pay('poor', 99n),
          credit('new', 7n),
          credit('new', 7n),
        ],
        // In a chunk of its own.
        ...[1, 2, 3, 4].map((n) => credit(`more-${n}`, 1n)),
        credit('new', 7n),
      ],
    });

    expect(results.map((result) => result.replayed)).toEqual([
      ...[true, true, true, false, true],
      ...[false, false, false, false, true],
    ]);
    const { transaction, balance } = alone;
    expect(results[0]?.outcome).toEqual({ $case: 'credit', value: { transaction, balance } });
    expect(results[1]?.outcome).toEqual(before.results[0]?.outcome);
    expect(results[2]?.outcome).toEqual(before.results[1]?.outcome);
    expect(results[4]?.outcome).toEqual(results[3]?.outcome);
    expect(results[9]?.outcome).toEqual(results[3]?.outcome);
    expect(await balanceOf()).toBe(22n);

    // And the other way round: what was sent in a batch is replayed alone.
    expect(await ledger.client(1).credit({ requestId: 'new', userId, asset, amount: 7n })).toMatchObject({
      ...{ replayed: true, transaction: { requestId: 'new' } },
    });
  });

  it('refuses a request id that was used for something else, and only that', async () => {
    const { results } = await ledger.client().batchWrite({
      writes: [credit('one', 5n), credit('one', 6n), credit('two', 7n)],
    });
    expect(results.map(({ outcome }) => outcome?.$case)).toEqual(['credit', 'error', 'credit']);
    const [, reused] = results;
    if (reused?.outcome?.$case !== 'error') throw new Error('it was not refused');
    expect(reused.replayed).toBe(false);
    expect(LedgerError.fromStatus(reused.outcome.value, { method: 'credit' })).toMatchObject({
      ...{ code: status.ALREADY_EXISTS, reason: 'REQUEST_ID_REUSED', metadata: { request_id: 'one' } },
    });
    expect(await balanceOf()).toBe(12n);
  });

  it('is refused as a whole when one of its writes is malformed', async () => {
    await expect(
      ledger.client().batchWrite({ writes: [credit('fine', 1n), credit('zero', 0n), credit('é', 1n)] }),
    ).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: {
        badRequest: {
          fieldViolations: expect.arrayContaining([
            expect.objectContaining({ field: 'writes[1].credit.amount' }),
          ]) as unknown,
        },
      },
    });
    expect(await balanceOf()).toBe(0n);
  });

  it('books each write once when copies of it are under way on all servers, alone and batched', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `copy-${n}`);
    const batches = Array.from({ length: 6 }, (_, n) =>
      // In different orders: two batches never wait for each other in a circle.
      ledger.client(n).batchWrite({
        writes: (n % 2 === 0 ? ids : [...ids].reverse()).map((id) => credit(id, 1n)),
      }),
    );
    const singles = ids.map((requestId, n) =>
      ledger.raw(n).send(rawCalls.credit({ requestId, userId, asset, amount: 1n })),
    );
    const answers = await Promise.all(batches);
    const alone = await Promise.all(singles);

    for (const [index, id] of ids.entries()) {
      const outcomes = answers.map(({ results }, n) => results[n % 2 === 0 ? index : ids.length - 1 - index]);
      const carriedOut = outcomes.filter((result) => result?.replayed === false).length;
      expect([id, carriedOut + Number(alone[index]?.replayed === undefined)]).toEqual([id, 1]);
      for (const result of outcomes) expect(result?.outcome).toEqual(outcomes[0]?.outcome);
    }
    expect(await balanceOf()).toBe(20n);
  });

  function credit(requestId: string, amount: bigint): BatchWriteItem {
    return { write: { $case: 'credit', value: { requestId, userId, asset, amount } } };
  }

  function pay(requestId: string, amount: bigint): BatchWriteItem {
    const subject = { $case: 'price', value: { asset, amount } } as const;
    return { write: { $case: 'purchase', value: { requestId, userId, subject } } };
  }

  async function balanceOf(): Promise<bigint> {
    return (await ledger.client(1).getBalance({ userId, asset })).balance.balance;
  }
});
