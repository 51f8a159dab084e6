import type { LedgerError } from '@ledger/client';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, TOPOLOGIES, type LedgerUnderTest } from '../harness/ledger-under-test';
import { unforeseenFaults } from '../harness/unforeseen-faults';

const asset = 'GOLD';

describe.each(TOPOLOGIES)('a reversal ($topology)', ({ servers }) => {
  let ledger: LedgerUnderTest;
  let users = 0;
  let userId: string;
  let other: string;

  beforeAll(async () => {
    ledger = await startLedger(servers);
  });
  afterAll(() => ledger.dispose());
  beforeEach(() => {
    users += 1;
    userId = `ada-${users}`;
    other = `bob-${users}`;
  });
  afterEach(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    expect(unforeseenFaults(ledger)).toEqual([]);
  });

  it('takes a whole transfer back, and both transactions tell of each other', async () => {
    const transferred = await transferOf(100n, 30n);
    const { transactionId } = transferred.transaction;

    const reversed = await ledger
      .client(1)
      .reverseTransaction({ userId, transactionId, description: 'oops' });

    expect(reversed.transaction).toMatchObject({
      ...{ userId, reversesTransactionId: transactionId, reversibleAmount: 0n, description: 'oops' },
      entries: [
        { userId, change: 30n, balanceAfter: 100n, sequence: 3n },
        { userId: other, change: -30n, balanceAfter: 0n, sequence: 2n },
      ],
    });
    expect(reversed.balances).toMatchObject([
      { userId, balance: 100n },
      { userId: other, balance: 0n },
    ]);
    expect(await reversibleOf(transactionId)).toBe(0n);
    await expect(ledger.client().reverseTransaction({ userId, transactionId })).rejects.toMatchObject({
      reason: 'REVERSAL_EXCEEDS_ORIGINAL',
      metadata: { transaction_id: transactionId, reversible: '0', requested: '0' },
    });
  });

  it('takes a transfer back in parts, and no more than is left', async () => {
    const { transactionId } = (await transferOf(100n, 30n)).transaction;
    const reverse = (turn: number, amount?: bigint) =>
      ledger
        .client(turn)
        .reverseTransaction({ userId, transactionId, ...(amount === undefined ? {} : { amount }) });

    await reverse(0, 10n);
    expect(await reversibleOf(transactionId)).toBe(20n);
    await reverse(1, 5n);
    await expect(reverse(0, 16n)).rejects.toMatchObject({
      reason: 'REVERSAL_EXCEEDS_ORIGINAL',
      metadata: { reversible: '15', requested: '16' },
    });
    // Without an amount it is all that is left.
    expect((await reverse(1)).transaction.entries).toMatchObject([{ change: 15n }, { change: -15n }]);
    expect(await balanceOf(userId)).toBe(100n);
  });

  it('never takes more back than there was, however many come at once', async () => {
    const { transactionId } = (await transferOf(100n, 30n)).transaction;
    // Some of it is gone already, so that what is left is not the whole.
    await ledger.client().reverseTransaction({ userId, transactionId, amount: 2n });
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) =>
        ledger.client(n).reverseTransaction({ userId, transactionId, amount: 4n }),
      ),
    );

    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? (result.reason as LedgerError) : [],
    );
    expect(refused).toHaveLength(33);
    for (const error of refused) {
      expect(error).toMatchObject({ reason: 'REVERSAL_EXCEEDS_ORIGINAL', metadata: { requested: '4' } });
    }
    expect(await reversibleOf(transactionId)).toBe(0n);
    expect([await balanceOf(userId), await balanceOf(other)]).toEqual([100n, 0n]);
  });

  it('is booked once when many want the whole at once', async () => {
    const { transactionId } = (await transferOf(100n, 30n)).transaction;
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => ledger.client(n).reverseTransaction({ userId, transactionId })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await balanceOf(userId)).toBe(100n);
  });

  it('of many legs goes back whole and only whole', async () => {
    await ledger.client().credit({ userId, asset, amount: 10n });
    const { transaction } = await ledger.client().postTransaction({
      userId,
      legs: [
        { userId, asset, change: -7n },
        { userId: other, asset, change: 4n },
        { userId: '@fees', asset, change: 3n },
        { userId, asset: 'PEEP', change: 2n },
        { userId: '@issuance', asset: 'PEEP', change: -2n },
      ],
    });
    const { transactionId } = transaction;
    expect(transaction.reversibleAmount).toBe(1n);

    await expect(
      ledger.client().reverseTransaction({ userId, transactionId, amount: 1n }),
    ).rejects.toMatchObject({ reason: 'NOT_REVERSIBLE', metadata: { entries: '5' } });
    const { transaction: reversal } = await ledger.client(1).reverseTransaction({ userId, transactionId });

    expect(reversal.entries.map(placeOf)).toEqual(transaction.entries.map(placeOf));
    expect(reversal.entries.map(({ change }) => change)).toEqual(
      transaction.entries.map(({ change }) => -change),
    );
    expect(await reversibleOf(transactionId)).toBe(0n);
    await expect(ledger.client().reverseTransaction({ userId, transactionId })).rejects.toMatchObject({
      reason: 'REVERSAL_EXCEEDS_ORIGINAL',
    });
  });

  it('of a purchase with a grant takes the goods back too, or nothing when they are gone', async () => {
    await ledger.client().credit({ userId, asset, amount: 20n });
    await ledger.client().putItem({
      ...{ itemId: `tea-${userId}`, name: 'Tea', asset, price: 6n, active: true, grantAsset: 'TEA' },
    });
    const value = { itemId: `tea-${userId}`, quantity: 2n };
    const { transaction } = await ledger.client().purchase({ userId, subject: { $case: 'item', value } });
    await ledger.client().transfer({ fromUserId: userId, toUserId: other, asset: 'TEA', amount: 1n });
    const { transactionId } = transaction;

    await expect(ledger.client(1).reverseTransaction({ userId, transactionId })).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { asset: 'TEA', available: '1', required: '2' },
    });
    expect(await balanceOf(userId)).toBe(8n);

    await ledger.client().transfer({ fromUserId: other, toUserId: userId, asset: 'TEA', amount: 1n });
    const { transaction: reversal } = await ledger.client(1).reverseTransaction({ userId, transactionId });
    // Through the stripes of the original, whichever server and worker carries it out.
    expect(reversal.entries.map(placeOf)).toEqual(transaction.entries.map(placeOf));
    expect(await balanceOf(userId)).toBe(20n);
  });

  it('cannot itself be taken back', async () => {
    const { transactionId } = (await transferOf(10n, 10n)).transaction;
    const { transaction } = await ledger.client().reverseTransaction({ userId, transactionId });
    for (const amount of [0n, 1n]) {
      await expect(
        ledger.client(1).reverseTransaction({ userId, transactionId: transaction.transactionId, amount }),
      ).rejects.toMatchObject({
        reason: 'NOT_REVERSIBLE',
        metadata: { transaction_id: transaction.transactionId },
      });
    }
  });

  it('that would overdraw fails, unless the account may go below zero', async () => {
    const { transactionId } = (await transferOf(30n, 30n)).transaction;
    await spend(other, 25n);

    await expect(ledger.client(1).reverseTransaction({ userId, transactionId })).rejects.toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: { user_id: other, available: '5', required: '30' },
    });
    await ledger
      .client()
      .updateAccount({ userId: other, asset, minBalance: -25n, updateMask: ['min_balance'] });
    await ledger.client(1).reverseTransaction({ userId, transactionId });
    expect(await balanceOf(other)).toBe(-25n);
  });

  it('takes credits and captures back as well', async () => {
    const credited = await ledger.client().credit({ userId, asset, amount: 9n });
    const { hold } = await ledger.client().placeHold({ userId, asset, amount: 5n, destination: '@shop' });
    const captured = await ledger.client().captureHold({ userId, holdId: hold.holdId, amount: 4n });

    for (const [turn, { transaction }] of [captured, credited].entries()) {
      const { transactionId } = transaction;
      const reversal = await ledger.client(turn + 1).reverseTransaction({ userId, transactionId });
      expect(reversal.transaction.entries.map(placeOf)).toEqual(transaction.entries.map(placeOf));
    }
    expect(await balanceOf(userId)).toBe(0n);
    expect((await ledger.client().getBalance({ userId: '@shop', asset })).balance.balance).toBe(0n);
  });

  it('knows only the transactions of the user who owns them', async () => {
    const { transactionId } = (await transferOf(10n, 5n)).transaction;
    await expect(ledger.client().reverseTransaction({ userId: other, transactionId })).rejects.toMatchObject({
      reason: 'TRANSACTION_NOT_FOUND',
      metadata: { transaction_id: transactionId },
    });
    const unknown = '01900000-0000-7000-8000-000000000000';
    await expect(
      ledger.client().reverseTransaction({ userId, transactionId: unknown }),
    ).rejects.toMatchObject({ reason: 'TRANSACTION_NOT_FOUND' });
  });

  async function transferOf(credited: bigint, amount: bigint) {
    await ledger.client().credit({ userId, asset, amount: credited });
    return ledger.client().transfer({ fromUserId: userId, toUserId: other, asset, amount });
  }

  function spend(spender: string, amount: bigint) {
    return ledger.client().purchase({
      userId: spender,
      subject: { $case: 'price', value: { asset, amount } },
    });
  }

  async function balanceOf(owner: string): Promise<bigint> {
    return (await ledger.client(1).getBalance({ userId: owner, asset })).balance.balance;
  }

  async function reversibleOf(transactionId: string): Promise<bigint> {
    return (await ledger.client(1).getTransaction({ transactionId })).transaction.reversibleAmount;
  }
});

function placeOf({ userId, asset: held, stripe }: { userId: string; asset: string; stripe: number }) {
  return `${userId} ${held} ${stripe}`;
}
