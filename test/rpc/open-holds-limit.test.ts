import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

const LIMIT = 3;
const asset = 'GOLD';

describe('the most open holds of an account', () => {
  let ledger: LedgerUnderTest;

  beforeAll(async () => {
    ledger = await startLedger(1, { openHoldsMax: LIMIT });
  });
  afterAll(() => ledger.dispose());
  afterEach(async () => expect(await checkLedger(ledger.database)).toEqual([]));

  it('are not passed by one after the other, and one that ends makes room for another', async () => {
    await ledger.client().credit({ userId: 'ada', asset, amount: 100n });
    const holds = [];
    for (let n = 0; n < LIMIT; n += 1) holds.push((await place('ada', `hold-${n}`)).hold);
    await expect(place('ada', 'beyond')).rejects.toMatchObject({
      reason: 'LIMIT_EXCEEDED',
      metadata: { user_id: 'ada', asset, limit: '3', used: '3', sequence: '1' },
    });
    await ledger.client().releaseHold({ userId: 'ada', holdId: holds[0]!.holdId });
    expect(await place('ada', 'again')).toMatchObject({ balance: { held: 3n } });
    // Stored, as every refusal of a decision.
    await expect(place('ada', 'beyond')).rejects.toMatchObject({ reason: 'LIMIT_EXCEEDED' });
    expect(await place('bob', 'other').catch((error: unknown) => error)).toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
    });
  });

  it('are not passed by many at once', async () => {
    await ledger.client().credit({ userId: 'eve', asset, amount: 100n });
    const placed = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => place('eve', `hold-${n}`)));
    expect(placed.filter(({ status }) => status === 'fulfilled')).toHaveLength(LIMIT);
    for (const result of placed) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'LIMIT_EXCEEDED' });
    }
  });

  it('does not count those that have expired', async () => {
    await ledger.client().credit({ userId: 'max', asset, amount: 100n });
    await place('max', 'first');
    await ledger.database.query(
      `INSERT INTO ledger.holds (user_id, hold_id, asset, amount, destination, state, expire_time, create_time, update_time)
       SELECT 'max', gen_random_uuid(), 'GOLD', 1, '@revenue', 1, now() - interval '1 minute', now(), now()
         FROM generate_series(1, 10)`,
    );
    await ledger.database.query(
      `UPDATE ledger.accounts SET held = held + 10, next_hold_expiry = now() - interval '1 minute' WHERE user_id = 'max'`,
    );
    expect(await place('max', 'second')).toMatchObject({ balance: { held: 2n } });
  });

  function place(userId: string, requestId: string) {
    return ledger.client().placeHold({ requestId, userId, asset, amount: 1n });
  }
});
