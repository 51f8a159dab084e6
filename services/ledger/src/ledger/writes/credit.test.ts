import * as fc from 'fast-check';
import { lockedState, NOW, STRIPE, traceOf } from '../../../../../test/harness/locked-state';
import { GENESIS_HASH } from '../account';
import { credit, type CreditCommand } from './credit';
import { entryHash } from '../hash-chain';
import { INT64_MAX, INT64_MIN } from '../money';

const ada = { userId: 'ada', asset: 'GOLD' };
const issuance = { userId: '@issuance', asset: 'GOLD' };

it('lists the entry of the user first, then that of the system account, and shows the user’s balance', () => {
  const set = lockedState({ accounts: [{ ...ada, balance: 5n, sequence: 2n }, issuance] });
  expect(credit.decide(set, creditOf(7n))).toMatchObject({
    type: 'posted',
    transaction: {
      ...{
        createTime: NOW,
        commitOrders: [{ cell: 0, commitOrder: 100n }],
        item: null,
        reversesTransactionId: null,
      },
      entries: [
        { ...ada, stripe: 0, sequence: 3n, change: 7n, balanceAfter: 12n, debitsAfter: 0n },
        { ...issuance, stripe: STRIPE, sequence: 1n, change: -7n, balanceAfter: -7n, debitsAfter: 7n },
      ],
    },
    reversibleAmount: 7n,
    balances: [{ ...ada, balance: 12n, sequence: 3n, lastEntryTime: NOW }],
  });
  expect(set.changedAccounts()).toHaveLength(2);
});

it('is taken by a frozen account', () => {
  const set = lockedState({ accounts: [{ ...ada, frozen: true }, issuance] });
  expect(credit.decide(set, creditOf(1n))).toMatchObject({ type: 'posted', balances: [{ balance: 1n }] });
});

it('is refused without a trace when it would pass the end of the user', () => {
  const set = lockedState({ accounts: [{ ...ada, balance: INT64_MAX - 1n, sequence: 4n }, issuance] });
  const before = traceOf(set, [ada, issuance]);
  expect(credit.decide(set, creditOf(2n))).toMatchObject({
    reason: 'AMOUNT_OVERFLOW',
    metadata: {
      ...{ user_id: 'ada', asset: 'GOLD', balance: String(INT64_MAX - 1n), change: '2', sequence: '4' },
    },
  });
  expect(traceOf(set, [ada, issuance])).toEqual(before);
  // Up to the end itself it is fine.
  expect(credit.decide(set, creditOf(1n)).type).toBe('posted');
});

it.each([0n, INT64_MIN, INT64_MAX, 1_000n * INT64_MIN])(
  'comes to the same whatever the source has, such as %s: system accounts have no limit',
  (balance) => {
    const set = lockedState({ accounts: [ada, { ...issuance, balance, debits: 3n * INT64_MAX }] });
    expect(credit.decide(set, creditOf(INT64_MAX))).toMatchObject({
      type: 'posted',
      transaction: {
        entries: [
          { ...ada, balanceAfter: INT64_MAX, debitsAfter: 0n },
          { ...issuance, balanceAfter: balance - INT64_MAX, debitsAfter: 4n * INT64_MAX },
        ],
      },
    });
  },
);

it('never books what could not be taken back: a change whose negation passes int64', () => {
  const set = lockedState({ accounts: [ada, issuance] });
  expect(credit.decide(set, creditOf(INT64_MIN))).toMatchObject({ reason: 'AMOUNT_OVERFLOW' });
  expect(set.changedAccounts()).toEqual([]);
});

it('keeps on each entry when it took place, if the caller says so', () => {
  const set = lockedState({ accounts: [ada, issuance] });
  for (const effectiveTime of [null, NOW - 5n]) {
    expect(credit.decide(set, { ...creditOf(1n), effectiveTime })).toMatchObject({
      transaction: { effectiveTime, entries: [{ effectiveTime }, { effectiveTime }] },
    });
  }
});

it('is booked at the latest time, and in the latest commit order, that any of its accounts has seen', () => {
  const set = lockedState({
    accounts: [
      { ...ada, lastEntryTime: NOW + 5n, commitOrder: 3n },
      { ...issuance, lastEntryTime: NOW - 5n, commitOrder: 200n },
    ],
  });
  expect(credit.decide(set, creditOf(1n))).toMatchObject({
    transaction: { createTime: NOW + 5n, commitOrders: [{ cell: 0, commitOrder: 200n }] },
    balances: [{ lastEntryTime: NOW + 5n }],
  });
  const { lastEntryTime, commitOrder } = set.account('@issuance', 'GOLD');
  expect([lastEntryTime, commitOrder]).toEqual([NOW + 5n, 200n]);
});

it('chains each entry to the one before, without a gap, over any credits of a batch', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(1n, 1_000n), { minLength: 1, maxLength: 8 }), (amounts) => {
      const set = lockedState({ accounts: [ada, issuance] });
      for (const amount of amounts) credit.decide(set, creditOf(amount));
      for (const side of [0, 1]) {
        let hash: Buffer = GENESIS_HASH;
        let balance = 0n;
        let debits = 0n;
        set.transactions.forEach(({ digest, entries }, index) => {
          const { hash: kept, ...entry } = entries[side]!;
          balance += entry.change;
          if (entry.change < 0n) debits -= entry.change;
          const sequence = BigInt(index + 1);
          expect(entry).toMatchObject({ sequence, balanceAfter: balance, debitsAfter: debits });
          hash = entryHash(hash, digest, entry);
          expect(kept).toEqual(hash);
        });
      }
      const ids = set.transactions.map(({ transactionId }) => transactionId);
      expect([...new Set(ids)].sort()).toEqual(ids);
      const total = amounts.reduce((sum, amount) => sum + amount, 0n);
      expect(set.account('ada', 'GOLD').balance).toBe(total);
      expect(set.account('@issuance', 'GOLD')).toMatchObject({ balance: -total, debits: total });
    }),
  );
});

it('is never decided on an account that nobody locked', () => {
  const set = lockedState({ accounts: [ada] });
  expect(() => credit.decide(set, creditOf(1n))).toThrow('account @issuance GOLD was not locked');
});

function creditOf(amount: bigint): CreditCommand {
  return {
    ...{ kind: 'Credit', scope: 'ada', requestId: 'r', caller: '', userId: 'ada', asset: 'GOLD', amount },
    ...{ source: '@issuance', description: '', reference: '', metadata: [], effectiveTime: null },
  };
}
