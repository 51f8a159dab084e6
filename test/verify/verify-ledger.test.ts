/** @paused: also run by `npm run test:paused`. */
import { toTimestamp, type LedgerClient } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { tamper } from '../harness/tampering';
import { namesOf, verify } from '../harness/verification';

const USERS = ['ada', 'bob', 'carol', 'dan'];
const LONG = 1_203n;
const ROUNDS = 4;
const AN_HOUR_MS = 3_600_000;

describe('VerifyLedger', () => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(2);
    await ledger.client().putItem({
      ...{ itemId: 'mug', name: 'Mug', asset: 'GOLD', price: 3n, active: true, grantAsset: 'MUG' },
    });
  });
  afterAll(() => ledger.dispose());

  it('finds an empty ledger right', async () => {
    const { report } = await verify(ledger.client());
    expect(report).toMatchObject({ valid: true, accountsChecked: 0n, entriesChecked: 0n });
  });

  it('finds a ledger right while two servers write all that there is to write', async () => {
    let rounds = 0;
    const writing = Promise.all(
      USERS.flatMap((userId, n) =>
        [0, 1].map(async (turn) => {
          // Until a verification began and ended while they wrote.
          do await write(ledger.client(turn), userId, USERS[(n + 1) % 4]!);
          while (rounds < 2);
        }),
      ),
    );
    const writers = { done: false };
    void writing.finally(() => {
      writers.done = true;
    });
    try {
      do {
        for (const turn of [0, 1]) {
          const { report } = await verify(ledger.client(turn));
          expect(report.violations).toEqual([]);
        }
        rounds += 1;
      } while (!writers.done);
    } finally {
      rounds = Infinity;
      await writing;
    }
    expect(await checkLedger(ledger.database)).toEqual([]);
  });

  it('counts what it checked, and tells how far it is before the report', async () => {
    const { progress, report } = await verify(ledger.client());
    const [{ accounts, entries } = { accounts: '', entries: '' }] = await ledger.database.query(
      `SELECT (SELECT count(*) FROM ledger.accounts) AS accounts, (SELECT count(*) FROM ledger.entries) AS entries`,
    );
    const checked = { accountsChecked: BigInt(accounts), entriesChecked: BigInt(entries) };
    expect(report).toMatchObject({ valid: true, ...checked });
    expect(progress[0]).toEqual({
      accountsChecked: 0n,
      accountsTotal: BigInt(accounts),
      entriesChecked: 0n,
    });
  });

  it('keeps to a user when one is named', async () => {
    const [{ count } = { count: '' }] = await ledger.database.query(
      `SELECT count(*) FROM ledger.entries WHERE user_id = 'ada'`,
    );
    await tamper(ledger.database, `UPDATE ledger.accounts SET balance = balance + 1 WHERE user_id = 'bob'`);
    const { progress, report } = await verify(ledger.client(), 'ada');
    // GOLD and MUG, and not those of others whose names begin with it.
    expect(progress[0]?.accountsTotal).toBe(2n);
    expect(report).toMatchObject({ valid: true, accountsChecked: 2n, entriesChecked: BigInt(count) });
    expect((await verify(ledger.client(), 'bob')).report.valid).toBe(false);
    expect((await verify(ledger.client(), 'nobody')).report).toMatchObject({
      valid: true,
      accountsChecked: 0n,
    });
    await tamper(ledger.database, `UPDATE ledger.accounts SET balance = balance - 1 WHERE user_id = 'bob'`);
  });

  it('sees what somebody did to the other side of a user’s transaction', async () => {
    const { client } = ledger.servers[0]!;
    await client.credit({ userId: 'eve', asset: 'GOLD', amount: 5n });
    const { transaction } = await client.transfer({
      fromUserId: 'eve',
      toUserId: 'fay',
      asset: 'GOLD',
      amount: 5n,
    });
    const change = (by: number): Promise<void> =>
      tamper(
        ledger.database,
        `UPDATE ledger.entries SET change = change + ${by}, balance_after = balance_after + ${by}
          WHERE user_id = 'fay' OR (user_id = 'eve' AND sequence = 2)`,
      );
    await change(1);
    const named = await Promise.all(['eve', 'fay'].map(async (user) => (await verify(client, user)).report));
    await change(-1);
    for (const { violations } of named) {
      expect(violations).toContainEqual(expect.objectContaining({ rule: 1, userId: 'fay', sequence: 1n }));
      const concerned = violations
        .filter(({ rule }) => rule === 1)
        .map((violation) => violation.transactionId);
      expect(new Set(concerned)).toEqual(new Set([transaction.transactionId]));
    }
    expect((await verify(client)).report.valid).toBe(true);
  });

  it('takes a hold that has expired for held until somebody settles it', async () => {
    const { client } = ledger.servers[0]!;
    const key = { userId: 'gil', asset: 'GOLD' };
    await client.credit({ ...key, amount: 5n });
    const expireTime = toTimestamp(new Date(Date.now() + AN_HOUR_MS));
    await client.placeHold({ ...key, amount: 5n, expireTime });
    await tamper(
      ledger.database,
      `UPDATE ledger.holds SET expire_time = now() WHERE user_id = 'gil';
       UPDATE ledger.accounts SET next_hold_expiry = now() WHERE user_id = 'gil'`,
    );
    expect((await client.getBalance(key)).balance).toMatchObject({ held: 0n, available: 5n });
    const unsettled = await verify(client, 'gil');
    await client.purchase({
      userId: 'gil',
      subject: { $case: 'price', value: { asset: 'GOLD', amount: 5n } },
    });
    const settled = await verify(client, 'gil');
    expect([unsettled.report.violations, settled.report.violations]).toEqual([[], []]);
  });

  it('walks accounts that are longer than a page', async () => {
    const { client } = ledger.servers[0]!;
    const value = { userId: 'long', asset: 'GOLD', amount: 1n };
    const writes = Array.from(
      { length: Number(LONG) },
      () => ({ write: { $case: 'credit', value } }) as const,
    );
    await client.batchWrite({ writes });
    const set = (hash: string): Promise<void> =>
      tamper(
        ledger.database,
        `UPDATE ledger.entries SET hash = ${hash} WHERE user_id = 'long' AND sequence IN (500, 501, ${LONG})`,
      );
    await set('sha256(hash)');
    const { report } = await verify(client, 'long');
    await tamper(
      ledger.database,
      `DELETE FROM ledger.entries WHERE user_id = 'long' AND sequence IN (500, 501)`,
    );
    const later = await verify(client, 'long');
    expect(report.entriesChecked).toBe(LONG);
    expect(namesOf(report)).toEqual(
      [...[`500`, '501', '502', LONG].map((sequence) => `7 long GOLD 0 ${sequence}`), '4 long  0 0'].sort(),
    );
    expect(later.report.entriesChecked).toBe(LONG - 2n);
    expect(namesOf(later.report)).toEqual([
      ...['1 long GOLD 0 500', '1 long GOLD 0 501', '2 long GOLD 0 500', '4 long  0 0'],
      `7 long GOLD 0 ${LONG}`,
    ]);
  });

  it('names the first thousand violations, and says that there are more', async () => {
    const invent = (count: number): Promise<void> =>
      tamper(
        ledger.database,
        `DELETE FROM ledger.accounts WHERE asset = 'FAKE';
         INSERT INTO ledger.accounts (user_id, asset, stripe, sequence, balance, debits, last_hash, commit_order,
                                      create_time)
         SELECT '!' || to_char(n, 'FM00000'), 'FAKE', 0, 0, 5, 0, decode(repeat('00', 32), 'hex'), 0, now()
           FROM generate_series(1, ${count}) n`,
      );
    await tamper(ledger.database, `DELETE FROM ledger.entries WHERE user_id = 'long'`);
    await tamper(ledger.database, `DELETE FROM ledger.accounts WHERE user_id = 'long'`);
    await tamper(ledger.database, `DELETE FROM ledger.transactions WHERE user_id = 'long'`);
    await tamper(
      ledger.database,
      `DELETE FROM ledger.entries e WHERE NOT EXISTS (
      SELECT FROM ledger.transactions t WHERE t.transaction_id = e.transaction_id)`,
    );
    await invent(1_000);
    const full = (await verify(ledger.client())).report;
    await invent(2_100);
    const more = (await verify(ledger.client())).report;
    expect(full.violations).toHaveLength(1_000);
    expect(more.violations).toHaveLength(1_000);
    expect(more.violationsTruncated).toBe(true);
    expect(more.accountsChecked).toBe(full.accountsChecked + 1_100n);
    expect(more.violations[999]).toMatchObject({
      rule: 2,
      userId: '!01000',
      asset: 'FAKE',
      stripe: 0,
      sequence: 0n,
    });
  });

  it('refuses a user who cannot be one', async () => {
    await expect(verify(ledger.client(), 'no one')).rejects.toMatchObject({ reason: 'INVALID_FIELD' });
  });
});

/** Some of every kind of write; those that the ledger refuses are writes too. */
async function write(client: LedgerClient, userId: string, other: string): Promise<void> {
  const asset = 'GOLD';
  for (let round = 0; round < ROUNDS; round += 1) {
    await client.credit({ userId, asset, amount: 100n, metadata: { round: `${round}` } });
    const subject = { $case: 'item', value: { itemId: 'mug', quantity: 2n, priceVersion: 0n } } as const;
    const [bought, held] = await Promise.all([
      client.purchase({ userId, subject, description: 'Krug' }),
      client.placeHold({ userId, asset, amount: 5n }),
      client.transfer({ fromUserId: userId, toUserId: other, asset, amount: 7n }),
      client.updateAccount({ userId, asset, metadata: { a: 'b' }, updateMask: ['metadata'] }),
    ]);
    const { transactionId } = bought.transaction;
    const holdId = held.hold.holdId;
    await client.reverseTransaction({ userId, transactionId });
    if (round % 2 === 0) await client.captureHold({ userId, holdId, amount: 3n });
    else await client.releaseHold({ userId, holdId });
    const expireTime = toTimestamp(new Date(Date.now() + AN_HOUR_MS));
    await client.placeHold({ userId, asset, amount: 1n, expireTime });
    const legs = [
      { userId, asset, change: -3n },
      { userId: other, asset, change: 2n },
      { userId: '@revenue', asset, change: 1n },
    ];
    await client.postTransaction({ userId, legs });
  }
}
