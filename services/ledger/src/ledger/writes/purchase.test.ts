import { GRACE_MICROS, lockedState, NOW, STRIPE, traceOf } from '../../../../../test/harness/locked-state';
import { purchase, type PurchaseCommand, type PurchaseSubject } from './purchase';
import type { Failure } from '../failure';
import { INT64_MAX } from '../money';
import type { Outcome, Posted } from '../outcome';
import type { WorkingSet } from '../working-set';

const ada = { userId: 'ada', asset: 'GOLD' };
const revenue = { userId: '@revenue', asset: 'GOLD' };
const coupons = { userId: 'ada', asset: 'COUPON' };
const accounts = [{ ...ada, balance: 100n }, revenue];

describe('of several faults', () => {
  // In the order in which they are checked; each makes its part of the request or the state faulty.
  const faults = [
    'ITEM_NOT_FOUND',
    'ACCOUNT_FROZEN',
    'ITEM_INACTIVE',
    'PRICE_CHANGED',
    'AMOUNT_OVERFLOW of the total',
    'AMOUNT_OVERFLOW of what is granted',
    'INSUFFICIENT_FUNDS',
  ];
  type Has = (fault: string) => boolean;

  const stateWith = (has: Has): WorkingSet =>
    lockedState({
      accounts: [
        { ...ada, balance: has('INSUFFICIENT_FUNDS') ? 0n : INT64_MAX, frozen: has('ACCOUNT_FROZEN') },
        // Full as far as int64 goes, which a system account does not mind.
        { ...revenue, balance: INT64_MAX },
        { ...coupons, balance: has('AMOUNT_OVERFLOW of what is granted') ? INT64_MAX : 0n },
        { userId: '@issuance', asset: 'COUPON' },
      ],
      items: [
        { itemId: 'mug', price: has('AMOUNT_OVERFLOW of the total') ? INT64_MAX : 5n, grantAsset: 'COUPON' },
        {
          ...{ itemId: 'mug', version: 2n, price: 6n, active: !has('ITEM_INACTIVE'), grantAsset: 'COUPON' },
          createTime: has('PRICE_CHANGED') ? 0n : NOW,
        },
      ],
    });
  const combinations = Array.from({ length: 2 ** faults.length }, (_, bits) =>
    faults.filter((_fault, index) => (bits & (1 << index)) !== 0),
  );

  it('the first one in order is the answer, for each of the 128 combinations', () => {
    for (const present of combinations) {
      const has: Has = (fault) => present.includes(fault);
      const priceVersion = has('ITEM_NOT_FOUND') ? 9n : 1n;
      const set = stateWith(has);
      const outcome = purchase.decide(
        set,
        purchaseOf({ by: 'item', itemId: 'mug', quantity: 2n, priceVersion }),
      );
      const answer = outcome.type === 'failure' ? outcome.reason : outcome.type;
      expect([present, answer]).toEqual([present, present[0]?.split(' ')[0] ?? 'posted']);
    }
  });

  it('of a price, frozen comes before funds, for each of the 4 combinations', () => {
    const ofPrice = ['ACCOUNT_FROZEN', 'INSUFFICIENT_FUNDS'];
    const those = combinations.filter((present) => present.every((fault) => ofPrice.includes(fault)));
    expect(those).toHaveLength(4);
    for (const present of those) {
      const set = stateWith((fault) => present.includes(fault));
      const outcome = purchase.decide(
        set,
        purchaseOf({ by: 'price', asset: 'GOLD', amount: 10n, itemId: '' }),
      );
      const answer = outcome.type === 'failure' ? outcome.reason : outcome.type;
      expect([present, answer]).toEqual([present, present[0]?.split(' ')[0] ?? 'posted']);
    }
  });

  it('none leaves a trace', () => {
    for (const present of combinations.filter(({ length }) => length > 0)) {
      const set = stateWith((fault) => present.includes(fault));
      const before = traceOf(set, [ada, revenue, coupons]);
      const priceVersion = present.includes('ITEM_NOT_FOUND') ? 9n : 1n;
      purchase.decide(set, purchaseOf({ by: 'item', itemId: 'mug', quantity: 2n, priceVersion }));
      expect(traceOf(set, [ada, revenue, coupons])).toEqual(before);
      expect(set.changedAccounts()).toEqual([]);
    }
  });
});

describe('the price that was on the screen', () => {
  const versions = (since: bigint): WorkingSet =>
    lockedState({
      accounts,
      items: [
        { itemId: 'mug', version: 1n, price: 5n },
        // What ends the first version is its successor, however often the price changed since.
        { itemId: 'mug', version: 2n, price: 6n, createTime: NOW - since },
        { itemId: 'mug', version: 3n, price: 7n, createTime: NOW },
      ],
    });
  const paid = (set: WorkingSet, priceVersion: bigint): Posted | Failure =>
    moved(purchase.decide(set, purchaseOf({ by: 'item', itemId: 'mug', quantity: 1n, priceVersion })));

  it('is paid until the grace period has passed, to the microsecond', () => {
    expect(paid(versions(GRACE_MICROS), 1n)).toMatchObject({
      transaction: { item: { priceVersion: 1n, unitPrice: 5n } },
      balances: [{ balance: 95n }],
    });
    expect(paid(versions(GRACE_MICROS + 1n), 1n)).toMatchObject({
      reason: 'PRICE_CHANGED',
      metadata: {
        ...{ item_id: 'mug', price_version: '1', current_version: '3', current_price: '7', asset: 'GOLD' },
      },
    });
  });

  it('is paid while its successor lies in the future of a clock that stepped back', () => {
    expect(paid(versions(-5n), 1n)).toMatchObject({ balances: [{ balance: 95n }] });
  });

  it('is paid without end when it is the current one', () => {
    for (const priceVersion of [3n, 0n]) {
      expect(paid(versions(GRACE_MICROS * 10n), priceVersion)).toMatchObject({
        transaction: { item: { priceVersion: 3n, unitPrice: 7n } },
        balances: [{ balance: 93n }],
      });
    }
  });

  it('is not paid for an item that is no longer sold, grace or not', () => {
    const set = lockedState({
      accounts,
      items: [
        { itemId: 'mug', version: 1n },
        { itemId: 'mug', version: 2n, active: false, createTime: NOW },
      ],
    });
    for (const priceVersion of [0n, 1n, 2n]) {
      expect(paid(set, priceVersion)).toMatchObject({
        reason: 'ITEM_INACTIVE',
        metadata: { current_version: '2' },
      });
    }
  });
});

describe('what may be spent', () => {
  it.each([
    { balance: 10n, held: 0n, minBalance: 0n, spendable: 10n },
    { balance: 10n, held: 4n, minBalance: 0n, spendable: 6n },
    { balance: 10n, held: 4n, minBalance: 5n, spendable: 1n },
    { balance: 0n, held: 0n, minBalance: -20n, spendable: 20n },
    { balance: -5n, held: 5n, minBalance: -20n, spendable: 10n },
  ])('is all above the minimum that is not held: $spendable', ({ spendable, ...account }) => {
    const spend = (amount: bigint): Posted | Failure =>
      moved(
        purchase.decide(
          lockedState({ accounts: [{ ...ada, ...account }, revenue] }),
          purchaseOf({ by: 'price', asset: 'GOLD', amount, itemId: '' }),
        ),
      );
    const { balance, held, minBalance } = account;
    expect(spend(spendable)).toMatchObject({ balances: [{ balance: balance - spendable, held }] });
    expect(spend(spendable + 1n)).toMatchObject({
      reason: 'INSUFFICIENT_FUNDS',
      metadata: {
        ...{ balance: String(balance), available: String(balance - held) },
        ...{ required: String(spendable + 1n), min_balance: String(minBalance) },
      },
    });
  });
});

describe('an item with a grant asset', () => {
  const grants = [
    { userId: 'ada', asset: 'COUPON:mug' },
    { userId: '@issuance', asset: 'COUPON:mug' },
  ];

  it('also credits its quantity to the buyer, out of what is issued', () => {
    const set = lockedState({
      accounts: [...accounts, ...grants],
      items: [{ itemId: 'mug', grantAsset: 'COUPON:mug' }],
    });
    const outcome = purchase.decide(
      set,
      purchaseOf({ by: 'item', itemId: 'mug', quantity: 3n, priceVersion: 0n }),
    );
    expect(moved(outcome)).toMatchObject({
      transaction: {
        entries: [
          { ...ada, stripe: 0, change: -15n, balanceAfter: 85n },
          { ...revenue, stripe: STRIPE, change: 15n },
          { ...grants[0], stripe: 0, change: 3n },
          { ...grants[1], stripe: STRIPE, change: -3n },
        ],
      },
      // Four entries can only be taken back as a whole.
      reversibleAmount: 1n,
      balances: [{ ...ada, balance: 85n }],
    });
  });

  it('is refused as a whole when the buyer cannot hold what it grants', () => {
    const set = lockedState({
      accounts: [...accounts, { ...grants[0]!, balance: INT64_MAX }, grants[1]!],
      items: [{ itemId: 'mug', grantAsset: 'COUPON:mug' }],
    });
    const before = traceOf(set, [ada, revenue, ...grants]);
    const outcome = purchase.decide(
      set,
      purchaseOf({ by: 'item', itemId: 'mug', quantity: 1n, priceVersion: 0n }),
    );
    expect(moved(outcome)).toMatchObject({
      reason: 'AMOUNT_OVERFLOW',
      metadata: { user_id: 'ada', asset: 'COUPON:mug' },
    });
    expect(traceOf(set, [ada, revenue, ...grants])).toEqual(before);
  });
});

it('keeps what a purchase by price was for, when it says so', () => {
  const buy = (itemId: string): Posted | Failure =>
    moved(
      purchase.decide(
        lockedState({ accounts }),
        purchaseOf({ by: 'price', asset: 'GOLD', amount: 30n, itemId }),
      ),
    );
  expect(buy('')).toMatchObject({ transaction: { item: null }, reversibleAmount: 30n });
  expect(buy('tea')).toMatchObject({
    transaction: { item: { itemId: 'tea', name: '', priceVersion: 0n, unitPrice: 30n, quantity: 1n } },
  });
});

function purchaseOf(subject: PurchaseSubject): PurchaseCommand {
  return {
    ...{ kind: 'Purchase', scope: 'ada', requestId: 'r', caller: '', userId: 'ada', subject },
    ...{ destination: '@revenue', description: '', reference: '', metadata: [], effectiveTime: null },
  };
}

function moved(outcome: Outcome): Posted | Failure {
  if (outcome.type !== 'posted' && outcome.type !== 'failure')
    throw new TypeError(`a purchase made a ${outcome.type}`);
  return outcome;
}
