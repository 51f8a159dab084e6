/** @paused: also run by `npm run test:paused`. */
import { status } from '@grpc/grpc-js';
import { LedgerClient, type CreditResponse } from '@ledger/client';
import { lockAccount, type AccountLock } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { AN_HOUR_MS } from '../harness/limits';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';

const QUEUE_MAX = 3;

describe.each(TOPOLOGIES)('a server whose queue is full ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let impatient: LedgerClient;
  let patient: LedgerClient;
  let lock: AccountLock;
  let accepted: Promise<CreditResponse>[];

  beforeAll(async () => {
    ledger = await startLedger(servers, { batchWorkers: 1, queueMax: QUEUE_MAX });
    const { address } = ledger.servers[0]!;
    impatient = new LedgerClient({
      address,
      coalesce: false,
      timeoutMs: AN_HOUR_MS,
      retry: { maxAttempts: 1 },
    });
    patient = new LedgerClient({
      address,
      coalesce: false,
      timeoutMs: AN_HOUR_MS,
      retry: { maxAttempts: 1_000 },
    });
    await ledger.client().credit({ userId: 'locked', asset: 'GOLD', amount: 1n });
  });
  afterAll(async () => {
    impatient.close();
    patient.close();
    await ledger.dispose();
  });
  beforeEach(async () => {
    lock = await lockAccount(ledger.database, 'locked', 'GOLD');
  });
  afterEach(async () => {
    await lock.release();
    expect(await checkLedger(ledger.database)).toEqual([]);
  });

  it('refuses a write, says when to come again, and books nothing of it', async () => {
    await fill(impatient);
    const refused = impatient.credit({ requestId: 'late', userId: 'late', asset: 'GOLD', amount: 1n });
    await expect(refused).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: 'OVERLOADED',
      metadata: { limit: String(QUEUE_MAX) },
      // About as long as it would have waited, within bounds.
      details: { retryInfo: { retryDelay: { seconds: expect.any(BigInt), nanos: expect.any(Number) } } },
      outcomeUnknown: false,
      attempts: 1,
    });

    await lock.release();
    for (const { transaction } of await Promise.all(accepted)) {
      expect(transaction.entries[0]).toMatchObject({ change: 1n });
    }
    expect((await impatient.getBalance({ userId: 'late', asset: 'GOLD' })).balance.sequence).toBe(0n);
    // Not stored: the same request is a first attempt still.
    const again = { requestId: 'late', userId: 'late', asset: 'GOLD', amount: 1n };
    expect(await impatient.credit(again)).toMatchObject({ replayed: false, balance: { balance: 1n } });
  });

  it('books a write of a client that comes again, once', async () => {
    await fill(patient);
    const write = { requestId: 'patient', userId: 'patient', asset: 'GOLD', amount: 1n };
    const booked = patient.credit(write);
    const { calls } = ledger.servers[0]!;
    await Promise.race([booked, refusalOf('patient')]);
    await lock.release();

    expect(await booked).toMatchObject({ replayed: false, balance: { balance: 1n, sequence: 1n } });
    await Promise.all(accepted);
    const attempts = calls.filter(({ requestId }) => requestId === 'patient');
    expect(attempts[0]).toMatchObject({ code: 'RESOURCE_EXHAUSTED', reason: 'OVERLOADED' });
    expect(attempts.at(-1)).toMatchObject({ code: 'OK' });
  });

  it('still reads', async () => {
    await fill(impatient);
    const balance = await impatient.getBalance({ userId: 'locked', asset: 'GOLD' });
    expect(balance.balance.balance).toBeGreaterThan(0n);
    await lock.release();
    await Promise.all(accepted);
  });

  it('leaves other servers alone', async () => {
    await fill(impatient);
    const write = { requestId: `free-${servers}`, userId: 'free', asset: 'GOLD', amount: 1n };
    const other = new LedgerClient({
      coalesce: false,
      address: ledger.servers.at(-1)!.address,
      retry: { maxAttempts: 1 },
    });
    try {
      if (servers > 1) expect(await other.credit(write)).toMatchObject({ balance: { balance: 1n } });
      else await expect(impatient.credit(write)).rejects.toMatchObject({ reason: 'OVERLOADED' });
    } finally {
      other.close();
    }
    await lock.release();
    await Promise.all(accepted);
  });

  /** A batch that waits for a row, and as many writes behind it as may wait; all of one caller, who makes room for none. */
  async function fill(client: LedgerClient): Promise<void> {
    const credit = (userId: string): Promise<CreditResponse> =>
      client.credit({ userId, asset: 'GOLD', amount: 1n });
    const blocked = credit('locked');
    await lock.untilBlocked();
    accepted = [blocked, ...Array.from({ length: QUEUE_MAX }, (_, n) => credit(`waiting-${n}`))];
    // Its answer shows that what was sent before it has reached the queue.
    await client.getBalance({ userId: 'locked', asset: 'GOLD' });
  }

  /** Resolves when the server has refused an attempt of the request. */
  async function refusalOf(requestId: string): Promise<void> {
    while (!ledger.servers[0]!.calls.some((call) => call.requestId === requestId)) {
      await impatient.getBalance({ userId: 'locked', asset: 'GOLD' });
    }
  }
});
