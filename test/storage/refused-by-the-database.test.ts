import { status } from '@grpc/grpc-js';
import { LedgerClient, type LedgerError } from '@ledger/client';
import { AN_HOUR_MS } from '../harness/limits';
import { lockAccount } from '../harness/account-lock';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';

const UNLUCKY = 13n;

describe.each(TOPOLOGIES)('a command that the database refuses ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let client: LedgerClient;

  beforeAll(async () => {
    ledger = await startLedger(servers);
    const { address } = ledger.servers[0]!;
    client = new LedgerClient({ address, timeoutMs: AN_HOUR_MS, retry: { maxAttempts: 1 } });
    await client.credit({ userId: 'locked', asset: 'GOLD', amount: 1n });
    await ledger.database.query(
      `ALTER TABLE ledger.entries ADD CONSTRAINT no_unlucky_change CHECK (change <> ${UNLUCKY})`,
    );
  });
  afterAll(async () => {
    client.close();
    await ledger.dispose();
  });
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));

  it.each([1, 3])('never fails its neighbours in the batch (%i of 24 refused)', async (refused) => {
    const batch = `batch-${refused}`;
    const lock = await lockAccount(ledger.database, 'locked', 'GOLD');
    const first = client.credit({ userId: 'locked', asset: 'GOLD', amount: 1n });
    await lock.untilBlocked();
    const writes = Array.from({ length: 24 }, (_, n) =>
      client.credit({
        requestId: `${batch}-${n}`,
        userId: `${batch}-user-${n % 5}`,
        asset: 'GOLD',
        amount: n % 8 === 5 && n < refused * 8 ? UNLUCKY : 1n,
      }),
    );
    const settled = Promise.allSettled(writes);
    await client.getBalance({ userId: 'locked', asset: 'GOLD' });
    await lock.release();
    await first;

    for (const [n, result] of (await settled).entries()) {
      if (n % 8 === 5 && n < refused * 8) {
        expect(result.status).toBe('rejected');
        const error = (result as PromiseRejectedResult).reason as LedgerError;
        expect(error).toMatchObject({ code: status.INTERNAL, reason: 'INTERNAL', metadata: {} });
        expect(error.message).toBe('credit: INTERNAL (INTERNAL): internal error; the cause is in the log');
      } else {
        expect(result).toMatchObject({
          status: 'fulfilled',
          value: { transaction: { requestId: `${batch}-${n}` } },
        });
      }
    }
    // They did share a batch, which was halved until the culprits were alone.
    expect(ledger.servers[0]!.faults).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          batchSize: 24,
          action: 'split',
          error: expect.objectContaining({ code: '23514' }),
        }),
        expect.objectContaining({ batchSize: 1, action: 'reject' }),
      ]),
    );
  });

  it('tells its caller nothing of the database', async () => {
    const call = rawCalls.credit({ requestId: 'alone', userId: 'alone', asset: 'GOLD', amount: UNLUCKY });
    const answer = await ledger.raw(1).send(call);
    expect(answer).toMatchObject({
      code: status.INTERNAL,
      message: 'internal error; the cause is in the log',
      replayed: undefined,
    });
    const details = Buffer.from(answer.bytes, 'hex').toString('latin1');
    expect(details).toContain('INTERNAL');
    expect(details).not.toMatch(/unlucky|constraint|entries|23514|ledger\.entries/i);
  });

  it('is not stored: it is carried out once the database takes it', async () => {
    const write = { requestId: 'later', userId: 'later', asset: 'GOLD', amount: UNLUCKY };
    await expect(client.credit(write)).rejects.toMatchObject({ reason: 'INTERNAL' });
    await ledger.database.query('ALTER TABLE ledger.entries DROP CONSTRAINT no_unlucky_change');
    expect(await client.credit(write)).toMatchObject({
      replayed: false,
      balance: { balance: 13n, sequence: 1n },
    });
  });
});
