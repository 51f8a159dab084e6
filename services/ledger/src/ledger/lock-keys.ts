import { accountId, isSystemAccount, type AccountKey } from './account';
import type { Hold } from './hold';
import type { Item } from './item';
import type { Placement } from './placement';
import type { Transaction } from './transaction';

/** The account rows that a batch may change, each once. */
export class LockKeys {
  private readonly keys = new Map<string, AccountKey>();
  private readonly offered = new Map<string, OfferedItem[]>();

  /** The stripe of system accounts that the present command uses. */
  private stripe = 0;

  constructor(
    private readonly placement: Placement,
    private readonly slot: number,
  ) {}

  /** Says whose command the next accounts are of. */
  forOwner(scope: string): void {
    this.stripe = this.placement.stripeFor(scope, this.slot);
  }

  /** Adds an account; of a system account the stripe of the batch in its owner's cell. */
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

/** Names a version of an item; 0 is the current one. */
export interface ItemKey {
  readonly itemId: string;
  readonly version: bigint;
}

/** Names a hold of a user. */
export interface HoldKey {
  readonly userId: string;
  readonly holdId: string;
}

/** Names a transaction of a user. */
export interface OriginalKey {
  readonly userId: string;
  readonly transactionId: string;
}

/** Names a user's account. */
export interface SettingsKey {
  readonly userId: string;
  readonly asset: string;
}

/** What a version of an item says about the accounts of its buyers. */
export type OfferedItem = Pick<Item, 'itemId' | 'asset' | 'grantAsset'>;

/** What the commands of a batch refer to, each key once. */
export class References {
  readonly items = new Map<string, ItemKey>();
  readonly holds = new Map<string, HoldKey>();
  /** Transactions that are to be reversed. */
  readonly originals = new Map<string, OriginalKey>();
  /** Accounts whose settings are to be changed. */
  readonly settings = new Map<string, SettingsKey>();
  /** Accounts on which holds are to be placed. */
  readonly holdPlaces = new Map<string, SettingsKey>();
  /** Versions of items that the batch itself makes: later commands of the batch may buy them. */
  readonly offered: OfferedItem[] = [];

  item(itemId: string, version: bigint): void {
    this.items.set(`${itemId}\0${version}`, { itemId, version });
  }

  hold(key: HoldKey): void {
    this.holds.set(`${key.userId}\0${key.holdId}`, key);
  }

  original(key: OriginalKey): void {
    this.originals.set(`${key.userId}\0${key.transactionId}`, key);
  }

  settingsOf(key: SettingsKey): void {
    this.settings.set(`${key.userId}\0${key.asset}`, key);
  }

  holdPlace(key: SettingsKey): void {
    this.holdPlaces.set(`${key.userId}\0${key.asset}`, key);
  }

  offer(item: OfferedItem): void {
    this.offered.push(item);
  }

  /** Whether anything must be read before the accounts are known. */
  get isEmpty(): boolean {
    return this.items.size + this.holds.size + this.originals.size === 0;
  }
}

/** What was found of the references, before any lock was taken. */
export interface FoundReferences {
  /** The read of an item is the moment of its sale. */
  readonly items: readonly Item[];
  /** Asset and destination of a hold never change; its state is read again under the lock. */
  readonly holds: readonly Hold[];
  readonly originals: readonly Transaction[];
}
