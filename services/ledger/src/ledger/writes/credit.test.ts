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
      ...{ createTime: NOW, commitOrder: 100n, item: null, reversesTransactionId: null },
      entries: [
        { ...ada, stripe: 0, sequence: 3n, change: 7n, balanceAfter: 12n },
        { ...issuance, stripe: STRIPE, sequence: 1n, change: -7n, balanceAfter: -7n },
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

it.each([
  {
    what: 'of the user, which is checked first',
    user: INT64_MAX - 1n,
    source: INT64_MIN + 1n,
    metadata: { ...{ user_id: 'ada', asset: 'GOLD' }, balance: String(INT64_MAX - 1n), change: '2' },
  },
  {
    what: 'of the source',
    user: 0n,
    source: INT64_MIN + 1n,
    metadata: { ...{ user_id: '@issuance', asset: 'GOLD' }, balance: String(INT64_MIN + 1n), change: '-2' },
  },
])('is refused without a trace when it would pass the end $what', ({ user, source, metadata }) => {
  const set = lockedState({
    accounts: [
      { ...ada, balance: user },
      { ...issuance, balance: source },
    ],
  });
  const before = traceOf(set, [ada, issuance]);
  expect(credit.decide(set, creditOf(2n))).toMatchObject({ reason: 'AMOUNT_OVERFLOW', metadata });
  expect(traceOf(set, [ada, issuance])).toEqual(before);
  // Up to the end itself it is fine.
  expect(credit.decide(set, creditOf(1n)).type).toBe('posted');
});

it('is booked at the latest time, and in the latest commit order, that any of its accounts has seen', () => {
  const set = lockedState({
    accounts: [
      { ...ada, lastEntryTime: NOW + 5n, commitOrder: 3n },
      { ...issuance, lastEntryTime: NOW - 5n, commitOrder: 200n },
    ],
  });
  expect(credit.decide(set, creditOf(1n))).toMatchObject({
    transaction: { createTime: NOW + 5n, commitOrder: 200n },
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
        set.transactions.forEach(({ digest, entries }, index) => {
          const { hash: kept, ...entry } = entries[side]!;
          balance += entry.change;
          expect(entry).toMatchObject({ sequence: BigInt(index + 1), balanceAfter: balance });
          hash = entryHash(hash, digest, entry);
          expect(kept).toEqual(hash);
        });
      }
      const ids = set.transactions.map(({ transactionId }) => transactionId);
      expect([...new Set(ids)].sort()).toEqual(ids);
      const total = amounts.reduce((sum, amount) => sum + amount, 0n);
      expect(set.account('ada', 'GOLD').balance).toBe(total);
      expect(set.account('@issuance', 'GOLD').balance).toBe(-total);
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
