import { status } from '@grpc/grpc-js';
import type { BatchWriteItem } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { contentOf, type RawAnswer } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { unforeseenFaults } from '../harness/unforeseen-faults';
import { rawCalls } from '../harness/raw-calls';

const asset = 'GOLD';

describe.each(TOPOLOGIES)('an atomic batch ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;
  let userId: string;
  let envelope: string;

  beforeAll(async () => {
    ledger = await startLedger(servers, { bulkBatchMax: 2 });
  });
  afterAll(() => ledger.dispose());
  beforeEach(() => {
    users += 1;
    userId = `ada-${users}`;
    envelope = `envelope-${users}`;
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it('books all of its writes, and its answer is there for ever', async () => {
    const writes = [credit('a', 10n), pay('b', 4n), pay('c', 6n)];
    const first = await send(writes);
    expect(first).toMatchObject({ code: status.OK, replayed: undefined });
    expect(await balanceOf()).toBe(0n);
    expect(await send(writes, 1)).toEqual({ ...first, replayed: 'true' });

    // Each of them is finished: alone it is a replay.
    expect(await ledger.client(1).credit({ requestId: 'a', userId, asset, amount: 10n })).toMatchObject({
      ...{ replayed: true, balance: { balance: 10n } },
    });
  });

  it('books nothing when one fails, says which, and replays that failure for ever', async () => {
    const writes = [credit('a', 10n), pay('b', 4n), pay('c', 7n), pay('d', 100n)];
    const refused = await send(writes);

    expect(refusalOf(refused)).toMatchObject({
      ...{ code: 'FAILED_PRECONDITION', reason: 'INSUFFICIENT_FUNDS', domain: 'ledger.v1' },
      metadata: { write: 'writes[2]', available: '6', required: '7' },
    });
    expect(refused.replayed).toBeUndefined();
    expect(await balanceOf()).toBe(0n);
    expect(await requestIdsOf(userId)).toEqual([]);

    // Although it would succeed by now.
    await ledger.client().credit({ userId, asset, amount: 1_000n });
    for (const turn of [0, 1]) expect(await send(writes, turn)).toEqual({ ...refused, replayed: 'true' });
    expect(await balanceOf()).toBe(1_000n);

    // None of its writes is burnt: under a new envelope they go in as they are, and alone too.
    envelope = `${envelope}-again`;
    expect(await send(writes, 1)).toMatchObject({ code: status.OK, replayed: undefined });
    expect(await balanceOf()).toBe(899n);
  });

  it('counts what was booked before as done', async () => {
    const alone = await ledger.client(1).credit({ requestId: 'a', userId, asset, amount: 10n });
    const { results, replayed } = await ledger.client().batchWrite({
      ...{ requestId: envelope, atomic: true },
      writes: [credit('a', 10n), pay('b', 4n), pay('b', 4n)],
    });
    expect(replayed).toBe(false);
    expect(results.map((result) => result.replayed)).toEqual([true, false, true]);
    const { transaction, balance } = alone;
    expect(results[0]?.outcome).toEqual({ $case: 'credit', value: { transaction, balance } });
    expect(results[2]?.outcome).toEqual(results[1]?.outcome);
    expect(await balanceOf()).toBe(6n);
  });

  it('fails with the stored failure of a write that was refused before', async () => {
    await expect(purchase('b', 4n)).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    expect(refusalOf(await send([credit('a', 10n), pay('b', 4n)]))).toMatchObject({
      ...{ reason: 'INSUFFICIENT_FUNDS', metadata: { write: 'writes[1]', available: '0' } },
    });
    expect(await balanceOf()).toBe(0n);
  });

  it('fails when one of its request ids was used for something else', async () => {
    await ledger.client().credit({ requestId: 'a', userId, asset, amount: 1n });
    expect(refusalOf(await send([credit('b', 5n), credit('a', 2n)], 1))).toMatchObject({
      ...{ code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED' },
      metadata: { write: 'writes[1]', request_id: 'a' },
    });
    expect(await balanceOf()).toBe(1n);
  });

  it.each([
    ['another amount', () => [credit('a', 1n), credit('b', 3n)]],
    ['another order', () => [credit('b', 2n), credit('a', 1n)]],
    ['fewer writes', () => [credit('a', 1n)]],
    ['another request id of a write', () => [credit('a', 1n), credit('c', 2n)]],
  ])('is refused with %s under the same request id', async (_name, others) => {
    const writes = [credit('a', 1n), credit('b', 2n)];
    const first = await send(writes);
    expect(refusalOf(await send(others(), 1))).toMatchObject({
      ...{ code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED', metadata: { request_id: envelope } },
    });
    expect(await send(writes, 1)).toEqual({ ...first, replayed: 'true' });
    expect(await balanceOf()).toBe(3n);
  });

  it('needs a request id of its own', async () => {
    const answer = await ledger.raw().send(rawCalls.batchWrite({ atomic: true, writes: [credit('a', 1n)] }));
    expect(refusalOf(answer)).toMatchObject({ code: 'INVALID_ARGUMENT', fields: ['request_id'] });
  });

  it('is carried out once when copies of it are under way on all servers', async () => {
    for (const writes of [
      [credit('a', 10n), pay('b', 4n)],
      [pay('c', 5n), pay('d', 5n)],
    ]) {
      envelope = `${envelope}-copies`;
      const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => send(writes, n)));
      const carriedOut = answers.filter(({ replayed }) => replayed === undefined);
      expect(carriedOut).toHaveLength(1);
      for (const answer of answers) expect(contentOf(answer)).toEqual(contentOf(carriedOut[0]!));
    }
    // The second one failed: 6 pay for one of 5.
    expect(await balanceOf()).toBe(6n);
  });

  it('never shows a half of itself', async () => {
    const bob = `${userId}-bob`;
    await ledger.client().credit({ userId, asset, amount: 1n });
    const writing = new AbortController();
    const sums: bigint[] = [];
    const reading = (async () => {
      while (!writing.signal.aborted) {
        const { balances } = await ledger.client(1).batchGetBalances({
          accounts: [
            { userId, asset },
            { userId: bob, asset },
          ],
        });
        sums.push(balances.reduce((sum, { balance }) => sum + balance, 0n));
      }
    })();
    for (let n = 0; n < 20; n += 1) {
      envelope = `${userId}-${n}`;
      // Each write books one side of what belongs together.
      expect(await send([pay(`out-${n}`, 1n), credit(`in-${n}`, 1n, bob), move(bob, n)])).toMatchObject({
        code: 0,
      });
    }
    writing.abort();
    await reading;
    expect(new Set(sums)).toEqual(new Set([1n]));
  });

  function send(writes: readonly BatchWriteItem[], turn = 0): Promise<RawAnswer> {
    return ledger.raw(turn).send(rawCalls.batchWrite({ requestId: envelope, atomic: true, writes }));
  }

  function move(from: string, n: number): BatchWriteItem {
    const value = { requestId: `back-${n}`, fromUserId: from, toUserId: userId, asset, amount: 1n };
    return { write: { $case: 'transfer', value } };
  }

  function credit(requestId: string, amount: bigint, to = userId): BatchWriteItem {
    return { write: { $case: 'credit', value: { requestId, userId: to, asset, amount } } };
  }

  function pay(requestId: string, amount: bigint): BatchWriteItem {
    const subject = { $case: 'price', value: { asset, amount } } as const;
    return { write: { $case: 'purchase', value: { requestId, userId, subject } } };
  }

  function purchase(requestId: string, amount: bigint) {
    const subject = { $case: 'price', value: { asset, amount } } as const;
    return ledger.client(1).purchase({ requestId, userId, subject });
  }

  async function balanceOf(): Promise<bigint> {
    return (await ledger.client(1).getBalance({ userId, asset })).balance.balance;
  }

  async function requestIdsOf(scope: string): Promise<string[]> {
    const rows = await ledger.database.query('SELECT request_id FROM ledger.requests WHERE user_id = $1', [
      scope,
    ]);
    return rows.map((row) => row['request_id'] ?? '');
  }
});
