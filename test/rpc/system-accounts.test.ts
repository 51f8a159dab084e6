import { SortOrder, type Entry, type LedgerClient } from '@ledger/client';
import { exactSums } from '../faults/entry-line';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { verify } from '../harness/verification';
import { entriesOf, firstOf } from '../harness/watching';

/** What int64 holds: three of it pass signed 64 bits in any sum. */
const MAX = 2n ** 63n - 1n;
const USERS = ['ann', 'bob', 'cid'] as const;

// One server with one stripe, where a row passes int64 by itself; two servers, where only the sum of their rows does.
describe.each([
  { topology: 'in one stripe', servers: 1, stripes: 1 },
  { topology: 'over the stripes of two servers', servers: 2, stripes: 8 },
])('a system account beyond int64, $topology,', ({ servers, stripes }) => {
  let ledger: LedgerUnderTest;
  let client: LedgerClient;

  beforeAll(async () => {
    ledger = await startLedger(servers, { stripes });
    client = ledger.client();
    for (const [turn, userId] of USERS.entries()) {
      await ledger.client(turn).credit({ userId, asset: 'WEI/18', amount: MAX });
      await ledger.client(turn).purchase({
        userId,
        subject: { $case: 'price', value: { asset: 'WEI/18', amount: MAX, itemId: '' } },
      });
      await ledger.client(turn).credit({ userId, asset: 'ZINC', amount: 1n });
    }
  });
  afterAll(async () => {
    expect(await checkLedger(ledger.database)).toEqual([]);
    const { report } = await verify(client);
    expect(report).toMatchObject({ valid: true, violations: [] });
    await ledger.dispose();
  });

  it('still gives to anybody, and takes', async () => {
    await client.credit({ userId: 'dan', asset: 'WEI/18', amount: MAX });
    const { hold } = await client.placeHold({ userId: 'dan', asset: 'WEI/18', amount: MAX });
    await client.captureHold({ userId: 'dan', holdId: hold.holdId, amount: MAX - 1n });
    const { transaction } = await client.credit({ userId: 'eve', asset: 'WEI/18', amount: MAX });
    await client.reverseTransaction({ userId: 'eve', transactionId: transaction.transactionId });
    const legs = [
      { userId: 'dan', asset: 'WEI/18', change: -1n },
      { userId: '@revenue', asset: 'WEI/18', change: 1n },
    ];
    await client.postTransaction({ userId: 'dan', legs });
    expect(await sumOf('@revenue')).toBe(4n * MAX);
    expect(await sumOf('@issuance')).toBe(-4n * MAX);
  });

  it('is read exactly, and hides nobody beside it', async () => {
    const [issued, earned] = [await sumOf('@issuance'), await sumOf('@revenue')];
    const below = { asset: 'WEI/18', balance: -MAX - 1n, exactBalance: issued.toString() };
    const above = { asset: 'WEI/18', balance: MAX, exactBalance: earned.toString() };
    const zinc = { asset: 'ZINC', balance: -3n, exactBalance: '' };

    const { balance } = await client.getBalance({ userId: '@issuance', asset: 'WEI/18' });
    expect(balance).toMatchObject({ ...below, held: 0n, available: -MAX - 1n });
    const accounts = ['@revenue', 'ann', '@issuance'].map((userId) => ({ userId, asset: 'WEI/18' }));
    const many = await client.batchGetBalances({ accounts });
    expect(many.balances).toMatchObject([above, { balance: 0n, exactBalance: '' }, below]);
    expect(await all(client.listBalances({ userId: '@issuance' }))).toMatchObject([below, zinc]);
    const { account } = await client.getAccount({ userId: '@issuance', asset: 'WEI/18' });
    expect(account).toMatchObject({ ...below, available: -MAX - 1n });
    expect(await all(client.listAccounts({ userId: '@issuance' }))).toMatchObject([below, zinc]);
  });

  it('is read exactly as of a time', async () => {
    const [last] = await all(client.listEntries({ userId: '@revenue', asset: 'WEI/18', pageSize: 1 }));
    const asOfTime = last!.createTime!;
    const asOf = { $case: 'asOfTime', value: asOfTime } as const;
    const { balance } = await client.getBalance({ userId: '@revenue', asset: 'WEI/18', asOf });
    const expected = { balance: MAX, exactBalance: (await sumOf('@revenue')).toString() };
    expect(balance).toMatchObject(expected);
    const accounts = [{ userId: '@revenue', asset: 'WEI/18' }];
    expect((await client.batchGetBalances({ accounts, asOfTime })).balances).toMatchObject([expected]);
    expect(await all(client.listBalances({ userId: '@revenue', asOfTime }))).toMatchObject([expected]);
  });

  it('has exact sums on each entry: listed, watched, and in its transaction', async () => {
    const listed = await all(
      client.listEntries({ userId: '@issuance', asset: 'WEI/18', order: SortOrder.OLDEST_FIRST }),
    );
    const expected = new Map<number, { balanceAfter: bigint; debitsAfter: bigint }>();
    for (const entry of listed) {
      const { balanceAfter, debitsAfter } = expected.get(entry.stripe) ?? {
        balanceAfter: 0n,
        debitsAfter: 0n,
      };
      const sums = {
        balanceAfter: balanceAfter + entry.change,
        debitsAfter: debitsAfter + (entry.change < 0n ? -entry.change : 0n),
      };
      expected.set(entry.stripe, sums);
      expect(exactSums(entry)).toEqual(sums);
      expect(entry.exactBalanceAfter).toBe(sums.balanceAfter < -MAX - 1n ? sums.balanceAfter.toString() : '');
      expect(entry.exactDebitsAfter).toBe(sums.debitsAfter > MAX ? sums.debitsAfter.toString() : '');
      const { transaction } = await client.getTransaction({ transactionId: entry.transactionId });
      expect(transaction.entries).toContainEqual(entry);
    }
    const filter = { userId: '@issuance', asset: 'WEI/18', fromStart: true };
    const watched = entriesOf(await firstOf(client, filter, listed.length));
    expect(new Set(watched.map(textOf))).toEqual(new Set(listed.map(textOf)));
  });

  async function sumOf(userId: string): Promise<bigint> {
    const [row] = await ledger.database.query<{ sum: string }>(
      `SELECT sum(balance) AS sum FROM ledger.accounts WHERE user_id = $1 AND asset = 'WEI/18'`,
      [userId],
    );
    return BigInt(row!.sum);
  }
});

function textOf({ stripe, sequence, change, exactBalanceAfter, exactDebitsAfter }: Entry): string {
  return [stripe, sequence, change, exactBalanceAfter, exactDebitsAfter].join(' ');
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of list) found.push(each);
  return found;
}
