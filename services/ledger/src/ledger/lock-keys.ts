import { accountId, isSystemAccount, type AccountKey } from './account';
import type { OfferedItem } from './references';

/** The account rows that a batch may change, each once. */
export class LockKeys {
  private readonly keys = new Map<string, AccountKey>();
  private readonly offered = new Map<string, OfferedItem[]>();

  /** @param stripe which stripe of system accounts the batch uses */
  constructor(private readonly stripe: number) {}

  /** Adds an account; of a system account the stripe of the batch. */
  account(userId: string, asset: string): void {
    this.row(userId, asset, isSystemAccount(userId) ? this.stripe : 0);
  }

  /** Adds a row by its full key. */
  row(userId: string, asset: string, stripe: number): void {
    const id = accountId(userId, asset, stripe);
    if (!this.keys.has(id)) this.keys.set(id, { userId, asset, stripe });
  }

  /** Makes a version of an item known that commands of the batch may buy. */
  offer(item: OfferedItem): void {
    const versions = this.offered.get(item.itemId);
    if (versions === undefined) this.offered.set(item.itemId, [item]);
    else versions.push(item);
  }

  /** Every known version of an item: a purchase locks the accounts of all of them. */
  versionsOf(itemId: string): readonly OfferedItem[] {
    return this.offered.get(itemId) ?? [];
  }

  /** The keys in the order of the primary key of accounts, in which they are locked. */
  sorted(): AccountKey[] {
    return [...this.keys.values()].sort(byKey);
  }
}

/** Order of ASCII text by its bytes. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byKey(a: AccountKey, b: AccountKey): number {
  return compareText(a.userId, b.userId) || compareText(a.asset, b.asset) || a.stripe - b.stripe;
}
