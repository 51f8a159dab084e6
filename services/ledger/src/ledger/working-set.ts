import { accountId, isSystemAccount, type Account, type AccountKey } from './account';
import type { Item } from './item';
import type { Transaction } from './transaction';

/** What the database said after the locks were taken, and what the core may not make up by itself. */
export interface WorkingSetContext {
  /** The database's clock, in microseconds since 1970. */
  readonly now: bigint;
  /** The xid of the database transaction. */
  readonly commitOrder: bigint;
  /** Which stripe of system accounts this batch uses. */
  readonly stripe: number;
  /** How long a superseded price is honoured, in microseconds. */
  readonly priceGraceMicros: bigint;
  /** Makes the next transaction id for a time in microseconds. */
  readonly newTransactionId: (timeMicros: bigint) => string;
}

/**
 * The part of the ledger that one batch works on, in memory: the locked accounts and the items it read, changed by
 * one decision after the other, and what is to be written for them.
 */
export class WorkingSet {
  /** What is to be inserted. */
  readonly transactions: Transaction[] = [];
  readonly newItems: Item[] = [];

  private readonly accounts = new Map<string, Account>();
  private readonly items = new Map<string, Map<bigint, Item>>();
  private readonly currentVersions = new Map<string, bigint>();

  constructor(readonly context: WorkingSetContext) {}

  /** Takes in an account as it was read under its lock, or a blank one where there was none to lock. */
  load(account: Account): void {
    this.accounts.set(accountId(account.userId, account.asset, account.stripe), account);
  }

  /** Takes in a version of an item. The highest of an item is its current one. */
  loadItem(item: Item): void {
    let versions = this.items.get(item.itemId);
    if (versions === undefined) this.items.set(item.itemId, (versions = new Map<bigint, Item>()));
    versions.set(item.version, item);
    if (item.version > (this.currentVersions.get(item.itemId) ?? 0n)) {
      this.currentVersions.set(item.itemId, item.version);
    }
  }

  /** The account's row; of a system account the stripe of this batch. */
  account(userId: string, asset: string): Account {
    return this.accountRow({ userId, asset, stripe: isSystemAccount(userId) ? this.context.stripe : 0 });
  }

  /** A row by its full key. */
  accountRow(key: AccountKey): Account {
    const account = this.accounts.get(accountId(key.userId, key.asset, key.stripe));
    // Deciding on an account that nobody locked would lose updates.
    if (account === undefined) throw new RangeError(`account ${key.userId} ${key.asset} was not locked`);
    return account;
  }

  /** A version of an item, the current one for 0. */
  item(itemId: string, version: bigint): Item | undefined {
    const wanted = version === 0n ? this.currentVersions.get(itemId) : version;
    return wanted === undefined ? undefined : this.items.get(itemId)?.get(wanted);
  }

  /** Adds a version that this batch makes. */
  putItem(item: Item): void {
    this.newItems.push(item);
    this.loadItem(item);
  }

  /** Rows that decisions changed: those to update and those to insert. */
  changedAccounts(): Account[] {
    return [...this.accounts.values()].filter((account) => account.changed);
  }
}
