import { status } from '@grpc/grpc-js';
import type { LedgerError } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { unforeseenFaults } from '../harness/unforeseen-faults';

const asset = 'GOLD';

describe.each(TOPOLOGIES)('the settings of an account ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;
  let userId: string;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  beforeEach(() => {
    userId = `ada-${(users += 1)}`;
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it('make the account, and come to its first movement', async () => {
    const { account } = await ledger.client().updateAccount({
      ...{ userId, asset, minBalance: -10n, metadata: { tier: 'gold' } },
      updateMask: ['min_balance', 'metadata'],
    });
    expect(account).toMatchObject({
      ...{ userId, asset, balance: 0n, held: 0n, available: 0n, sequence: 0n, minBalance: -10n },
      ...{ frozen: false, metadata: new Map([['tier', 'gold']]) },
    });
    expect((await ledger.client(1).getAccount({ userId, asset })).account).toEqual(account);
    expect((await spend(10n)).balance).toMatchObject({ balance: -10n, sequence: 1n });
    await expect(spend(1n)).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { available: '-10', min_balance: '-10' },
    });
  });

  it('change only what the mask names', async () => {
    await ledger.client().updateAccount({
      ...{ userId, asset, minBalance: -5n, frozen: true, metadata: { a: '1', b: '2' } },
      updateMask: ['min_balance', 'frozen', 'metadata'],
    });
    const { account } = await ledger.client(1).updateAccount({
      ...{ userId, asset, minBalance: -99n, frozen: false, metadata: { c: '3' } },
      updateMask: ['metadata'],
    });
    expect(account).toMatchObject({ minBalance: -5n, frozen: true, metadata: new Map([['c', '3']]) });
    const { account: thawed } = await ledger
      .client()
      .updateAccount({ userId, asset, updateMask: ['frozen'] });
    expect(thawed).toMatchObject({ minBalance: -5n, frozen: false, metadata: new Map([['c', '3']]) });
  });

  it('keep a reserve that nothing takes, and are not raised above what is available', async () => {
    await ledger.client().credit({ userId, asset, amount: 100n });
    await ledger.client().placeHold({ userId, asset, amount: 30n });
    await expect(setMinimum(71n)).rejects.toMatchObject({
      ...{ code: status.FAILED_PRECONDITION, reason: 'INSUFFICIENT_FUNDS' },
      metadata: { balance: '100', available: '70', required: '71', sequence: '1' },
    });
    await setMinimum(70n);
    await expect(spend(1n)).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    await expect(ledger.client(1).placeHold({ userId, asset, amount: 1n })).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
    });
    await setMinimum(60n);
    expect((await spend(10n)).balance).toMatchObject({ balance: 90n, held: 30n });
  });

  it('are never raised above what purchases leave, whoever is first', async () => {
    for (let round = 0; round < 10; round += 1) {
      userId = `${userId}-${round}`;
      await ledger.client().credit({ userId, asset, amount: 10n });
      const [raised, spent] = await Promise.allSettled([setMinimum(6n, round), spend(5n, round + 1)]);
      expect([raised.status, spent.status].sort()).toEqual(['fulfilled', 'rejected']);
    }
  });

  it('freeze debits, holds and captures, and let credits and releases through', async () => {
    await ledger.client().credit({ userId, asset, amount: 100n });
    const held = await Promise.all(
      [0, 1].map((turn) => ledger.client(turn).placeHold({ userId, asset, amount: 10n })),
    );
    const [first, second] = held.map(({ hold }) => hold.holdId);
    const { transaction } = await ledger.client().credit({ userId, asset, amount: 1n });
    await freeze(true);

    const { transactionId } = transaction;
    const legs = [
      { userId, asset, change: -1n },
      { userId: 'bob', asset, change: 1n },
    ];
    const client = ledger.client(1);
    for (const refused of [
      () => spend(1n),
      // Frozen comes before short.
      () => spend(1_000n),
      () => client.transfer({ fromUserId: userId, toUserId: 'bob', asset, amount: 1n }),
      () => client.postTransaction({ userId, legs }),
      () => client.reverseTransaction({ userId, transactionId }),
      () => client.placeHold({ userId, asset, amount: 1n }),
      () => client.captureHold({ userId, holdId: first! }),
    ]) {
      await expect(refused()).rejects.toMatchObject({
        reason: 'ACCOUNT_FROZEN',
        metadata: { user_id: userId, asset, sequence: expect.stringMatching(/^[1-9]/) as string },
      });
    }
    await client.credit({ userId, asset, amount: 1n });
    await client.credit({ userId: 'bob', asset, amount: 1n });
    await client.transfer({ fromUserId: 'bob', toUserId: userId, asset, amount: 1n });
    expect((await client.releaseHold({ userId, holdId: second! })).balance).toMatchObject({
      ...{ balance: 103n, held: 10n },
    });

    await freeze(false);
    expect((await client.captureHold({ userId, holdId: first! })).balance).toMatchObject({
      balance: 93n,
      held: 0n,
    });
  });

  it('go to one of two editors who saw the same', async () => {
    const { account } = await ledger.client().updateAccount({ userId, asset, updateMask: ['frozen'] });
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        ledger.client(n).updateAccount({
          ...{ userId, asset, metadata: { editor: `${n}` }, etag: account.etag },
          updateMask: ['metadata'],
        }),
      ),
    );
    const won = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    expect(won).toHaveLength(1);
    const current = won[0]!.account.etag;
    for (const lost of results.flatMap((result) =>
      result.status === 'rejected' ? (result.reason as LedgerError) : [],
    )) {
      expect(lost).toMatchObject({
        ...{ code: status.ABORTED, reason: 'CONFLICT' },
        metadata: { user_id: userId, asset, expected: account.etag, current },
      });
    }
    expect((await ledger.client(1).getAccount({ userId, asset })).account).toEqual(won[0]!.account);
  });

  it('have an etag that movements and holds do not change', async () => {
    const { account } = await ledger.client().updateAccount({ userId, asset, updateMask: ['frozen'] });
    await ledger.client().credit({ userId, asset, amount: 10n });
    await ledger.client().placeHold({ userId, asset, amount: 1n });
    expect((await ledger.client(1).getAccount({ userId, asset })).account.etag).toBe(account.etag);
    const { etag } = account;
    const next = await ledger.client(1).updateAccount({ userId, asset, etag, updateMask: ['frozen'] });
    expect(next.account).toMatchObject({ balance: 10n, held: 1n, available: 9n });
    expect(next.account.etag).not.toBe(etag);
  });

  function setMinimum(minBalance: bigint, turn = 0) {
    return ledger.client(turn).updateAccount({ userId, asset, minBalance, updateMask: ['min_balance'] });
  }

  function freeze(frozen: boolean) {
    return ledger.client().updateAccount({ userId, asset, frozen, updateMask: ['frozen'] });
  }

  function spend(amount: bigint, turn = 1) {
    const subject = { $case: 'price', value: { asset, amount } } as const;
    return ledger.client(turn).purchase({ userId, subject });
  }
});
