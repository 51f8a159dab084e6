import { accountId, blankAccount, type Account } from '../../services/ledger/src/ledger/account';
import { bucketOf } from '../../services/ledger/src/ledger/bucket';
import type { Item } from '../../services/ledger/src/ledger/item';
import { ONE_CELL } from '../../services/ledger/src/ledger/placement';
import { transactionIdAt } from '../../services/ledger/src/ledger/transaction-id';
import { WorkingSet, type WorkingSetContext } from '../../services/ledger/src/ledger/working-set';

/** A moment for the database's clock, in microseconds since 1970. */
export const NOW = 1_763_640_000_000_000n;
export const GRACE_MICROS = 600_000_000n;
export const STRIPE = 7;

export interface LockedState extends Partial<WorkingSetContext> {
  readonly accounts?: readonly (Partial<Account> & Pick<Account, 'userId' | 'asset'>)[];
  readonly items?: readonly (Partial<Item> & Pick<Item, 'itemId'>)[];
}

/** What a batch has locked and read: the core decides on it without any database. */
export function lockedState({ accounts = [], items = [], ...context }: LockedState): WorkingSet {
  let counter = 0;
  const set = new WorkingSet({
    ...{
      now: NOW,
      commitOrders: new Map([[0, 100n]]),
      placement: ONE_CELL,
      slot: STRIPE,
      priceGraceMicros: GRACE_MICROS,
      openHoldsMax: 100,
    },
    newId: (timeMicros, ownerId) => transactionIdAt(timeMicros, counter++, bucketOf(ownerId), '0'.repeat(9)),
    ...context,
  });
  set.forOwner('ada');
  for (const account of accounts) {
    const stripe = account.userId.startsWith('@') ? set.context.slot : 0;
    set.load({ ...blankAccount({ userId: account.userId, asset: account.asset, stripe }), ...account });
  }
  for (const item of items) {
    set.loadItem({
      ...{ version: 1n, name: 'Mug', asset: 'GOLD', price: 5n, active: true, grantAsset: '', createTime: 0n },
      ...item,
    });
  }
  return set;
}

/** All that a decision may change, to compare before and after. */
export function traceOf(set: WorkingSet, accounts: readonly Pick<Account, 'userId' | 'asset'>[]): object {
  return {
    accounts: accounts.map(({ userId, asset }) => {
      const account = set.account(userId, asset);
      return [accountId(userId, asset, account.stripe), { ...account }, set.isChanged(account)];
    }),
    transactions: [...set.transactions],
    newItems: [...set.newItems],
  };
}
