import { status } from '@grpc/grpc-js';
import { SortOrder, type Entry, type LedgerClient } from '@ledger/client';
import { EntryKind } from '@ledger/proto/ledger/v1/ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';

const MICRO = 1_000n;
const SERVERS = 3;
const USERS = ['ada', 'bob', 'eve'];
const WRITES = 40;

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(SERVERS);
  // Several workers of several servers at once, so that system accounts have several stripes.
  await Promise.all(Array.from({ length: WRITES }, (_, index) => writeSome(index)));
});
afterAll(() => ledger.dispose());

describe('a balance of the past', () => {
  it.each([...USERS, '@issuance', '@revenue'])(
    'is at every instant the sum of what %s had by then',
    async (userId) => {
      const entries = await all({ userId, order: SortOrder.OLDEST_FIRST });
      expect(entries.length).toBeGreaterThan(WRITES / 4);
      if (userId.startsWith('@'))
        expect(new Set(entries.map(({ stripe }) => stripe)).size).toBeGreaterThan(1);
      const times = [...new Set(entries.map(({ createTime }) => nanosOf(createTime)))];
      const instants = times.flatMap((time) => [time - MICRO, time, time + MICRO]);
      await inParts(instants, async (instant) => {
        const until = entries.filter(({ createTime }) => nanosOf(createTime) <= instant);
        const asOf = { $case: 'asOfTime' as const, value: timestampOf(instant) };
        const { balance } = await client().getBalance({ userId, asset: 'GOLD', asOf });
        expect(balance).toMatchObject({
          balance: until.reduce((sum, { change }) => sum + change, 0n),
          sequence: BigInt(until.length),
        });
        expect([balance.held, balance.available]).toEqual([undefined, undefined]);
        const last = until.at(-1);
        expect(balance.updateTime && nanosOf(balance.updateTime)).toBe(last && nanosOf(last.createTime));
        const { balances } = await client().listBalances({ userId, asOfTime: asOf.value });
        expect(balances.find(({ asset }) => asset === 'GOLD')?.balance ?? 0n).toBe(balance.balance);
      });
    },
  );

  it('is at every sequence what its entry left', async () => {
    const entries = await all({ userId: 'ada', order: SortOrder.OLDEST_FIRST });
    await inParts([0n, ...entries.map(({ sequence }) => sequence)], async (value) => {
      const asOf = { $case: 'asOfSequence' as const, value };
      const { balance } = await client().getBalance({ userId: 'ada', asset: 'GOLD', asOf });
      const entry = entries.filter(({ sequence }) => sequence <= value).at(-1);
      expect([balance.balance, balance.sequence]).toEqual([entry?.balanceAfter ?? 0n, entry?.sequence ?? 0n]);
    });
  });

  it.each<[user: string, last: (entries: readonly Entry[]) => bigint]>([
    ['ada', (entries) => BigInt(entries.length)],
    ['nobody', () => 0n],
  ])('of %s is not told for a sequence beyond the last entry', async (userId, lastOf) => {
    const last = lastOf(await all({ userId: 'ada' }));
    const asOf = { $case: 'asOfSequence' as const, value: last + 1n };
    await expect(client().getBalance({ userId, asset: 'GOLD', asOf })).rejects.toMatchObject({
      ...{ code: status.INVALID_ARGUMENT, reason: 'INVALID_FIELD' },
      metadata: { field: 'as_of_sequence', sequence: last.toString() },
    });
  });
});

describe('a transaction', () => {
  it.each(['"', '\\', '"],["@world","GOLD",0,"1"', "'}{%", '\\u0041'])(
    'is found with its entries where a user is called %s',
    async (userId) => {
      const credit = { userId, asset: 'GOLD:A_B.C-D/2', amount: 7n };
      const { transaction } = await client().credit(credit);
      const { transactionId } = transaction;
      const found = await client().getTransaction({ transactionId });
      expect(found.transaction).toEqual(transaction);
      expect(found.transaction.entries.map((entry) => entry.userId)).toEqual([userId, '@issuance']);
    },
  );
});

describe('pages of entries', () => {
  it.each(['ada', '@issuance'])(
    'of %s are the whole list cut, by every filter and in both orders',
    async (userId) => {
      const entries = await all({ userId, order: SortOrder.OLDEST_FIRST });
      const middle = entries[Math.floor(entries.length / 3)]!.createTime;
      const late = entries[Math.floor((2 * entries.length) / 3)]!.createTime;
      for (const kinds of [[], [EntryKind.TRANSFER], [EntryKind.CREDIT, EntryKind.PURCHASE]]) {
        for (const [startTime, endTime] of [
          [],
          [middle],
          [undefined, middle],
          [middle, late],
          [late, middle],
        ]) {
          const wanted = entries.filter(
            ({ kind, createTime }) =>
              (kinds.length === 0 || kinds.includes(kind)) &&
              (startTime === undefined || nanosOf(createTime) >= nanosOf(startTime)) &&
              (endTime === undefined || nanosOf(createTime) < nanosOf(endTime)),
          );
          const filter = {
            userId,
            kinds,
            ...(startTime && { startTime }),
            ...(endTime && { endTime }),
            pageSize: 7,
          };
          expect(await all({ ...filter, order: SortOrder.OLDEST_FIRST })).toEqual(wanted);
          expect(await all({ ...filter, order: SortOrder.NEWEST_FIRST })).toEqual([...wanted].reverse());
        }
      }
    },
  );

  it.each(['ada', '@issuance'])(
    'of %s stay as they were at the first one, while others write',
    async (userId) => {
      const before = await all({ userId });
      const seen: Entry[] = [];
      let turn = WRITES;
      for await (const page of client().listEntries({ userId, asset: 'GOLD', pageSize: 9 }).pages()) {
        seen.push(...page.entries);
        await Promise.all(Array.from({ length: 6 }, () => writeSome((turn += 1))));
      }
      expect(seen).toEqual(before);
      // Oldest first goes on into what has come meanwhile: each entry once, in the order of its stripe.
      const upwards: Entry[] = [];
      const request = { userId, asset: 'GOLD', pageSize: 30, order: SortOrder.OLDEST_FIRST };
      let rounds = 0;
      for await (const page of client().listEntries(request).pages()) {
        upwards.push(...page.entries);
        if ((rounds += 1) <= 5) await Promise.all(Array.from({ length: 4 }, () => writeSome((turn += 1))));
      }
      const byKey = (list: readonly Entry[]): string[] =>
        list.map(({ stripe, sequence }) => `${stripe}/${sequence}`);
      expect(byKey(upwards)).toEqual(expect.arrayContaining(byKey(before)));
      for (const stripe of new Set(upwards.map((entry) => entry.stripe))) {
        const sequences = upwards.filter((entry) => entry.stripe === stripe).map(({ sequence }) => sequence);
        expect(sequences).toEqual(sequences.map((_, index) => BigInt(index + 1)));
      }
    },
  );
});

describe('transactions', () => {
  it('are listed by user, by reference and by both, with exact bounds of time', async () => {
    const userId = 'lea';
    for (let index = 0; index < 12; index += 1) {
      const reference = index % 3 === 0 ? 'order-x' : '';
      await client(index).credit({ userId, asset: 'GOLD', amount: 5n, reference });
      await client(index).transfer({
        fromUserId: userId,
        toUserId: 'tim',
        asset: 'GOLD',
        amount: 1n,
        reference,
      });
      await client(index).credit({ userId: 'tim', asset: 'GOLD', amount: 5n, reference });
    }
    const list = async (filter: Parameters<LedgerClient['listTransactions']>[0]) => {
      const found = [];
      for await (const transaction of client().listTransactions({ pageSize: 5, ...filter }))
        found.push(transaction);
      return found;
    };
    const own = await list({ userId, order: SortOrder.OLDEST_FIRST });
    expect(own).toHaveLength(24);
    expect(
      own.every((transaction) => transaction.userId === userId && transaction.entries.length === 2),
    ).toBe(true);
    expect(await list({ userId })).toEqual([...own].reverse());
    expect(await list({ userId, kinds: [EntryKind.TRANSFER], order: SortOrder.OLDEST_FIRST })).toEqual(
      own.filter(({ kind }) => kind === EntryKind.TRANSFER),
    );
    expect(await list({ reference: 'order-x' })).toHaveLength(12);
    expect(await list({ userId, reference: 'order-x', order: SortOrder.OLDEST_FIRST })).toEqual(
      own.filter(({ reference }) => reference === 'order-x'),
    );
    const [startTime, endTime] = [own[5]!.createTime, own[17]!.createTime];
    const between = { userId, startTime, endTime };
    expect(await list({ ...between, order: SortOrder.OLDEST_FIRST })).toEqual(own.slice(5, 17));
    expect(await list(between)).toEqual(own.slice(5, 17).reverse());
    const later = timestampOf(nanosOf(startTime) + MICRO);
    expect(await list({ ...between, startTime: later, order: SortOrder.OLDEST_FIRST })).toEqual(
      own.slice(6, 17),
    );
    expect(await list({ ...between, endTime: startTime })).toEqual([]);
  });
});

describe('reads of one thing', () => {
  it('gives many balances in the order asked for, duplicates and unknown accounts too', async () => {
    const keys = ['eve', 'nobody', '@issuance', 'ada', 'eve'].map((userId) => ({ userId, asset: 'GOLD' }));
    const { balances } = await client().batchGetBalances({ accounts: keys });
    expect(balances.map(({ userId }) => userId)).toEqual(keys.map(({ userId }) => userId));
    expect(balances[4]).toEqual(balances[0]);
    expect(balances[1]).toMatchObject({
      balance: 0n,
      held: 0n,
      available: 0n,
      sequence: 0n,
      updateTime: undefined,
    });
    for (const balance of balances) {
      expect((await client(1).getBalance({ userId: balance.userId, asset: 'GOLD' })).balance).toEqual(
        balance,
      );
    }
  });

  it('never gives balances of two moments', async () => {
    const accounts = ['kim', 'pat'].map((userId) => ({ userId, asset: 'GOLD' }));
    await client().credit({ userId: 'kim', asset: 'GOLD', amount: 100n });
    const writes = (async () => {
      for (let n = 0; n < 40; n += 1) {
        const [fromUserId, toUserId] = n % 2 === 0 ? ['kim', 'pat'] : ['pat', 'kim'];
        await client(n).transfer({
          fromUserId: fromUserId,
          toUserId: toUserId,
          asset: 'GOLD',
          amount: 60n,
        });
      }
      return true;
    })();
    for (let done = false; !done;) {
      const { balances } = await client(1).batchGetBalances({ accounts });
      expect(balances.reduce((sum, { balance }) => sum + balance, 0n)).toBe(100n);
      done = await Promise.race([writes, Promise.resolve(false)]);
    }
  });

  it('tells how a request ended: well, badly, not at all', async () => {
    const { transaction } = await client().credit({
      requestId: 'well',
      userId: 'zoe',
      asset: 'GOLD',
      amount: 1n,
    });
    const bad = { requestId: 'badly', fromUserId: 'zoe', toUserId: 'ada', asset: 'GOLD', amount: 9n };
    await expect(client().transfer(bad)).rejects.toMatchObject({ reason: 'INSUFFICIENT_FUNDS' });
    const { transactionId } = transaction;
    expect(await client(1).getRequest({ userId: 'zoe', requestId: 'well' })).toMatchObject({
      ...{ userId: 'zoe', requestId: 'well', method: 'Credit', code: 0, reason: 0, transactionId },
      createTime: transaction.createTime,
    });
    expect(await client(1).getRequest({ userId: 'zoe', requestId: 'badly' })).toMatchObject({
      ...{ method: 'Transfer', code: 9, reason: 2, transactionId: '' },
    });
    await expect(client().getRequest({ userId: 'ada', requestId: 'well' })).rejects.toMatchObject({
      reason: 'REQUEST_NOT_FOUND',
    });
  });

  it('shows holds to their user alone, newest first, by asset and state', async () => {
    await client().credit({ userId: 'max', asset: 'GOLD', amount: 100n });
    await client().credit({ userId: 'max', asset: 'USD/2', amount: 100n });
    const ids: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const asset = n % 3 === 0 ? 'USD/2' : 'GOLD';
      ids.unshift((await client(n).placeHold({ userId: 'max', asset, amount: 1n })).hold.holdId);
    }
    await client().releaseHold({ userId: 'max', holdId: ids[0]! });
    await expect(client().getHold({ userId: 'ada', holdId: ids[0]! })).rejects.toMatchObject({
      reason: 'HOLD_NOT_FOUND',
    });
    expect((await client().getHold({ userId: 'max', holdId: ids[0]!.toUpperCase() })).hold.state).toBe(3);
    const list = async (filter: object): Promise<string[]> => {
      const found: string[] = [];
      for await (const { holdId } of client().listHolds({ userId: 'max', pageSize: 2, ...filter }))
        found.push(holdId);
      return found;
    };
    expect(await list({})).toEqual(ids);
    expect(await list({ states: [1] })).toEqual(ids.slice(1));
    expect(await list({ asset: 'USD/2' })).toEqual([ids[0], ids[3], ids[6]]);
    expect(await list({ asset: 'USD/2', states: [3] })).toEqual([ids[0]]);
  });

  it('pages balances, accounts and versions of items', async () => {
    const assets = Array.from({ length: 5 }, (_, n) => `COIN_${n}`);
    for (const asset of assets) await client().credit({ userId: 'joe', asset, amount: 1n });
    const balances: string[] = [];
    for await (const { asset } of client().listBalances({ userId: 'joe', pageSize: 2 })) balances.push(asset);
    const accounts: string[] = [];
    for await (const { asset } of client().listAccounts({ userId: 'joe', pageSize: 2 })) accounts.push(asset);
    expect([balances, accounts]).toEqual([assets, assets]);
    const item = { itemId: 'mug', name: 'Mug', asset: 'GOLD', active: true };
    for (let price = 1n; price <= 5n; price += 1n) await client().putItem({ ...item, price });
    const versions: bigint[] = [];
    for await (const { version } of client().listItemVersions({ itemId: 'mug', pageSize: 2 }))
      versions.push(version);
    expect(versions).toEqual([5n, 4n, 3n, 2n, 1n]);
    const { nextPageToken: pageToken } = await client().listBalances({ userId: 'joe', pageSize: 2 });
    for (const other of [
      client().listAccounts({ userId: 'joe', pageToken }),
      client().listBalances({ userId: 'ada', pageToken }),
      client().listBalances({ userId: 'joe', pageToken, asOfTime: { seconds: 9n, nanos: 0 } }),
    ]) {
      await expect(other).rejects.toMatchObject({ reason: 'INVALID_FIELD' });
    }
  });

  it('shows an account that was never written, with an etag that guards its first settings', async () => {
    const key = { userId: 'new', asset: 'GOLD' };
    const { account } = await client().getAccount(key);
    expect(account).toMatchObject({ ...key, balance: 0n, sequence: 0n, minBalance: 0n, frozen: false });
    expect([account.createTime, account.updateTime]).toEqual([undefined, undefined]);
    const update = { ...key, minBalance: -5n, updateMask: ['min_balance'], etag: account.etag };
    const { account: updated } = await client(1).updateAccount(update);
    expect((await client().getAccount(key)).account).toEqual(updated);
    await expect(client().updateAccount({ ...update, minBalance: -6n })).rejects.toMatchObject({
      reason: 'CONFLICT',
    });
  });
});

async function writeSome(index: number): Promise<void> {
  const userId = USERS[index % USERS.length]!;
  const toUserId = USERS[(index + 1) % USERS.length]!;
  const price = { $case: 'price' as const, value: { asset: 'GOLD', amount: 2n, itemId: '' } };
  await client(index).credit({ userId, asset: 'GOLD', amount: 10n });
  await Promise.all([
    client(index).purchase({ userId, subject: price }),
    client(index + 1).transfer({ fromUserId: userId, toUserId, asset: 'GOLD', amount: 3n }),
  ]);
}

function client(turn = 0): LedgerClient {
  return ledger.client(turn);
}

async function all(filter: Partial<Parameters<LedgerClient['listEntries']>[0]>): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of client().listEntries({ userId: '', asset: 'GOLD', ...filter }))
    entries.push(entry);
  return entries;
}

async function inParts<T>(values: readonly T[], check: (value: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < values.length; at += 32) await Promise.all(values.slice(at, at + 32).map(check));
}

interface Time {
  readonly seconds: bigint;
  readonly nanos: number;
}

function nanosOf(time: Time | undefined): bigint {
  if (time === undefined) throw new TypeError('there is no time');
  const { seconds, nanos } = time;
  return seconds * 1_000_000_000n + BigInt(nanos);
}

function timestampOf(nanos: bigint): Time {
  return { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
}
