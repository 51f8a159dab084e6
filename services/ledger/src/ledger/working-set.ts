import { accountId, isSystemAccount, type Account, type AccountKey } from './account';
import { holdAt, HoldState, type Hold } from './hold';
import type { Item } from './item';
import type { Placement } from './placement';
import type { BookedTransaction, Transaction } from './transaction';

/** What the database said after the locks were taken, and what the core may not make up by itself. */
export interface WorkingSetContext {
  /** The database's clock, in microseconds since 1970. */
  readonly now: bigint;
  /** The commit order that each cell of the batch gives: the xid of the database transaction and its incarnation's offset. */
  readonly commitOrders: ReadonlyMap<number, bigint>;
  readonly placement: Placement;
  /** Which stripe of system accounts this batch uses in each cell. */
  readonly slot: number;
  /** How long a superseded price is honoured, in microseconds. */
  readonly priceGraceMicros: bigint;
  /** The most open holds that an account may have. */
  readonly openHoldsMax: number;
  /** Makes the next id of a transaction or a hold of a user for a time in microseconds. */
  readonly newId: (timeMicros: bigint, ownerId: string) => string;
}

/**
 * The part of the ledger that one batch works on, in memory: the locked accounts and what was read for them,
 * changed by one decision after the other, and what is to be written for them.
 */
export class WorkingSet {
  /** What is to be inserted. */
  readonly transactions: BookedTransaction[] = [];
  readonly newItems: Item[] = [];
  /** Entries that are dated before the one in front of them. */
  readonly timeSteps: (AccountKey & { readonly sequence: bigint })[] = [];
  /** How much each reversal of this batch takes back, by its own transaction id. */
  readonly reversals = new Map<string, bigint>();

  private readonly accounts = new Map<string, Account>();
  private readonly changed = new Set<Account>();
  private readonly settingsChanged = new Set<Account>();
  private readonly items = new Map<string, Map<bigint, Item>>();
  private readonly currentVersions = new Map<string, bigint>();
  private readonly holds = new Map<string, Hold>();
  /** How many holds are open, of accounts on which some are to be placed. */
  private readonly openHolds = new Map<Account, number>();
  private readonly newHolds = new Set<string>();
  private readonly changedHolds = new Set<string>();
  private readonly originals = new Map<string, Transaction>();
  private readonly reversed = new Map<string, bigint>();

  /** The stripe of system accounts that the present command uses. */
  private stripe = 0;

  constructor(readonly context: WorkingSetContext) {}

  /** Says whose command is decided next. */
  forOwner(scope: string): void {
    this.stripe = this.context.placement.stripeFor(scope, this.context.slot);
  }

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

  /**
   * Takes in a hold as it was read under its account's lock. A hold whose time has come expires at once, and its
   * amount is available again.
   */
  loadHold(hold: Hold): void {
    if (this.holds.has(hold.holdId)) return;
    const current = holdAt(hold, this.context.now);
    this.holds.set(hold.holdId, current);
    if (current.state === hold.state) return;
    this.changedHolds.add(hold.holdId);
    const account = this.account(hold.userId, hold.asset);
    account.held -= hold.amount;
    this.changed.add(account);
  }

  /** Takes in a transaction that is to be reversed, and how much of it was before. */
  loadOriginal(transaction: Transaction, reversedAmount: bigint): void {
    this.originals.set(transaction.transactionId, transaction);
    this.reversed.set(transaction.transactionId, reversedAmount);
  }

  /** The account's row; of a system account the stripe of this batch in the cell of the command's owner. */
  account(userId: string, asset: string): Account {
    return this.accountRow({ userId, asset, stripe: isSystemAccount(userId) ? this.stripe : 0 });
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

  /** A user's hold as it stands now. */
  hold(userId: string, holdId: string): Hold | undefined {
    const hold = this.holds.get(holdId);
    return hold?.userId === userId ? hold : undefined;
  }

  /** Takes in how many holds of an account are open, not counting those that have expired. */
  loadOpenHolds(userId: string, asset: string, count: number): void {
    this.openHolds.set(this.account(userId, asset), count);
  }

  /** How many holds of an account are open; at most the limit. */
  openHoldsOf(account: Account): number {
    return this.openHolds.get(account) ?? 0;
  }

  private countHold(hold: Hold, change: 1 | -1): void {
    const account = this.account(hold.userId, hold.asset);
    const count = this.openHolds.get(account);
    if (count !== undefined) this.openHolds.set(account, count + change);
  }

  /** Adds a hold that this batch places. */
  addHold(hold: Hold): void {
    this.countHold(hold, 1);
    this.holds.set(hold.holdId, hold);
    this.newHolds.add(hold.holdId);
  }

  /** Keeps what has become of a hold. */
  changeHold(hold: Hold): void {
    if (this.holds.get(hold.holdId)?.state === HoldState.OPEN && hold.state !== HoldState.OPEN)
      this.countHold(hold, -1);
    this.holds.set(hold.holdId, hold);
    this.changedHolds.add(hold.holdId);
  }

  /** A user's transaction that is to be reversed. */
  original(userId: string, transactionId: string): Transaction | undefined {
    const transaction = this.originals.get(transactionId);
    return transaction?.userId === userId ? transaction : undefined;
  }

  /** How much of a transaction was taken back so far. */
  reversedAmount(transactionId: string): bigint {
    return this.reversed.get(transactionId) ?? 0n;
  }

  /** Keeps that a reversal took an amount of a transaction back. */
  addReversal(originalId: string, reversalId: string, amount: bigint): void {
    this.reversals.set(reversalId, amount);
    this.reversed.set(originalId, this.reversedAmount(originalId) + amount);
  }

  /** Records that the last entry of an account is dated before the one in front of it. */
  addTimeStep({ userId, asset, stripe, sequence }: Account): void {
    this.timeSteps.push({ userId, asset, stripe, sequence });
  }

  /** Records that the balance, the holds or the chain of an account changed. */
  markChanged(account: Account): void {
    this.changed.add(account);
  }

  /** Records that the settings of an account changed. */
  markSettingsChanged(account: Account): void {
    this.settingsChanged.add(account);
  }

  /** Whether the balance, the holds or the chain of an account changed. */
  isChanged(account: Account): boolean {
    return this.changed.has(account);
  }

  /** Whether the settings of an account changed. */
  areSettingsChanged(account: Account): boolean {
    return this.settingsChanged.has(account);
  }

  /** The accounts that decisions changed in any way, in the order in which they were loaded. */
  changedAccounts(): Account[] {
    return [...this.accounts.values()].filter(
      (account) => this.changed.has(account) || this.settingsChanged.has(account),
    );
  }

  /** Holds to insert and holds to update, as they stand after all decisions. */
  writtenHolds(): { inserted: Hold[]; updated: Hold[] } {
    const all = [...this.holds.values()];
    return {
      inserted: all.filter(({ holdId }) => this.newHolds.has(holdId)),
      updated: all.filter(({ holdId }) => this.changedHolds.has(holdId) && !this.newHolds.has(holdId)),
    };
  }
}
