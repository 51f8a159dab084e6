/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import { LedgerClient, type CreditRequest, type CreditResponse } from '@ledger/client';
import { lockAccount, type AccountLock } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { expireWhile } from '../harness/expire-while';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

describe.each(TOPOLOGIES)('a write whose caller does not wait ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let client: LedgerClient;
  let lock: AccountLock;
  let tests = 0;
  let locked: CreditRequest;
  let waiting: CreditRequest;

  beforeAll(async () => {
    // One worker: behind a batch that waits for a lock everything waits in the queue.
    ledger = await startLedger(servers, { batchWorkers: 1 });
    const { address } = ledger.servers[0]!;
    client = new LedgerClient({ address, coalesce: false, timeoutMs: AN_HOUR_MS, retry: { maxAttempts: 1 } });
    await client.credit({ userId: 'locked', asset: 'GOLD', amount: 1n });
  });
  afterAll(async () => {
    client.close();
    await ledger.dispose();
  });
  beforeEach(async () => {
    newWrites();
    lock = await lockAccount(ledger.database, 'locked', 'GOLD');
  });
  afterEach(async () => {
    await lock.release();
    expect(await checkLedger(ledger.database)).toEqual([]);
  });

  it('is not booked when its deadline passes in the queue', async () => {
    const blocked = client.credit(locked);
    await lock.untilBlocked();
    const expired = await expireWhile(
      () => reached().then(() => true),
      (timeoutMs) => client.credit(waiting, { timeoutMs }),
      newWrites,
    );
    expect(expired).toMatchObject({ code: status.DEADLINE_EXCEEDED });

    await lock.release();
    expect(await blocked).toMatchObject({ replayed: false });
    await queueIsEmpty();
    await expectNotBooked();
    // It was in the queue, and its end was not a batch.
    const [call, ...more] = callsOf(waiting);
    expect(more).toEqual([]);
    expect(call?.batchSize).toBeUndefined();
    expect(['DEADLINE_EXCEEDED', 'CANCELLED']).toContain(call?.code);
    expect(await client.credit(waiting)).toMatchObject({ replayed: false, balance: { sequence: 1n } });
  });

  it('is not booked when its caller gives it up in the queue', async () => {
    const blocked = client.credit(locked);
    await lock.untilBlocked();
    const abort = new AbortController();
    const given = client.credit(waiting, { signal: abort.signal });
    const refused = expect(given).rejects.toMatchObject({ code: status.CANCELLED, outcomeUnknown: true });
    await reached();
    abort.abort();
    await refused;
    await reached();

    await lock.release();
    await blocked;
    await queueIsEmpty();
    await expectNotBooked();
    expect(callsOf(waiting)).toMatchObject([{ code: 'CANCELLED' }]);
    expect(await client.credit(waiting)).toMatchObject({ replayed: false, balance: { sequence: 1n } });
  });

  it('is booked once its batch has begun, although its deadline passes; the retry tells', async () => {
    const expired = await expireWhile(
      () => lock.isBlocked(),
      (timeoutMs) => client.credit(locked, { timeoutMs }),
      async () => {
        await lock.release();
        await queueIsEmpty();
        newWrites();
        lock = await lockAccount(ledger.database, 'locked', 'GOLD');
      },
    );
    expect(expired).toMatchObject({
      ...{ code: status.DEADLINE_EXCEEDED, outcomeUnknown: true, requestId: locked.requestId },
    });
    await lock.release();

    await expectReplayed(locked);
  });

  it('is booked once its batch has begun, although its caller gives it up; the retry tells', async () => {
    const abort = new AbortController();
    const gone = expect(client.credit(locked, { signal: abort.signal })).rejects.toMatchObject({
      ...{ code: status.CANCELLED, outcomeUnknown: true },
    });
    await lock.untilBlocked();
    abort.abort();
    await gone;
    await reached();
    await lock.release();

    await expectReplayed(locked);
  });

  it('does not take its neighbours of the queue with it', async () => {
    const blocked = client.credit(locked);
    await lock.untilBlocked();
    const abort = new AbortController();
    const neighbours: Promise<CreditResponse>[] = [];
    const given: Promise<unknown>[] = [];
    for (let n = 0; n < 10; n += 1) {
      neighbours.push(client.credit({ ...waiting, requestId: `stays-${n}` }));
      const gone = client.credit({ ...waiting, requestId: `goes-${n}` }, { signal: abort.signal });
      given.push(expect(gone).rejects.toMatchObject({ code: status.CANCELLED }));
    }
    await reached();
    abort.abort();
    await Promise.all(given);
    await reached();
    await lock.release();

    await blocked;
    expect((await Promise.all(neighbours)).map(({ balance }) => balance.sequence)).toEqual(
      neighbours.map((_, index) => BigInt(index) + 1n),
    );
    const { balance } = await client.getBalance({ userId: waiting.userId, asset: 'GOLD' });
    expect(balance).toMatchObject({ balance: 10n, sequence: 10n });
  });

  function newWrites(): void {
    tests += 1;
    locked = { requestId: `locked-${tests}`, userId: 'locked', asset: 'GOLD', amount: 1n };
    waiting = { requestId: `waiting-${tests}`, userId: `waiting-${tests}`, asset: 'GOLD', amount: 1n };
  }

  /** A read that was answered shows that what was sent before it has come to the server. */
  async function reached(): Promise<void> {
    await client.getBalance({ userId: 'locked', asset: 'GOLD' });
  }

  /** A later write that was answered shows that what waited before it was dealt with. */
  async function queueIsEmpty(): Promise<void> {
    await client.credit({ userId: 'barrier', asset: 'GOLD', amount: 1n });
  }

  async function expectNotBooked(): Promise<void> {
    const { userId, asset } = waiting;
    expect((await client.getBalance({ userId, asset })).balance).toMatchObject({ balance: 0n, sequence: 0n });
    expect(await ledger.database.query('SELECT FROM ledger.requests WHERE user_id = $1', [userId])).toEqual(
      [],
    );
  }

  async function expectReplayed(write: CreditRequest): Promise<void> {
    const again = await ledger.client(1).credit(write);
    expect(again).toMatchObject({ replayed: true, transaction: { requestId: write.requestId } });
    const { balance } = await client.getBalance({ userId: write.userId, asset: 'GOLD' });
    expect(balance.sequence).toBe(again.balance.sequence);
  }

  function callsOf(write: CreditRequest) {
    return ledger.servers[0]!.calls.filter(({ requestId }) => requestId === write.requestId);
  }
});
