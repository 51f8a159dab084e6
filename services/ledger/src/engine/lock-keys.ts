import { accountId, isSystemAccount, type AccountKey } from '../ledger/account';
import { ISSUANCE_ACCOUNT, type Command, type PurchaseCommand } from '../ledger/command';
import type { Hold } from '../ledger/hold';
import type { Item } from '../ledger/item';
import type { Transaction } from '../ledger/transaction';
import type { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { findHolds } from '../store/statements/find-holds';
import { findItems } from '../store/statements/find-items';
import { findTransaction } from '../store/statements/find-transaction';

/** What must be read before it is known which accounts a batch concerns. */
export interface Prerequisites {
  /** The read of an item is the moment of its sale. */
  readonly items: readonly Item[];
  /** Asset and destination of a hold never change; its state is read again under the lock. */
  readonly holds: readonly Hold[];
  readonly originals: readonly Transaction[];
}

const NO_PREREQUISITES: Prerequisites = { items: [], holds: [], originals: [] };

/** Reads what the commands refer to; without a round trip when that is nothing. */
export async function readPrerequisites(
  transaction: PipelinedTransaction,
  commands: readonly Command[],
): Promise<Prerequisites> {
  const items = itemKeys(commands);
  const holds = holdKeys(commands);
  const originals = originalKeys(commands);
  if (items.length + holds.length + originals.length === 0) return NO_PREREQUISITES;
  const [foundItems, foundHolds, foundOriginals] = await transaction.send((connection) =>
    Promise.all([
      items.length > 0 ? findItems(connection, items) : [],
      holds.length > 0 ? findHolds(connection, holds) : [],
      Promise.all(
        originals.map(({ userId, transactionId }) => findTransaction(connection, transactionId, userId)),
      ),
    ]),
  );
  return {
    items: foundItems,
    holds: foundHolds,
    originals: foundOriginals.filter((original) => original !== null),
  };
}

/** The account rows that the commands may change, each once, in key order. */
export function accountKeys(
  commands: readonly Command[],
  prerequisites: Prerequisites,
  stripe: number,
): AccountKey[] {
  const keys = new Map<string, AccountKey>();
  const needRow = (key: AccountKey): void => {
    const id = accountId(key.userId, key.asset, key.stripe);
    if (!keys.has(id)) keys.set(id, { userId: key.userId, asset: key.asset, stripe: key.stripe });
  };
  const need = (userId: string, asset: string): void =>
    needRow({ userId, asset, stripe: isSystemAccount(userId) ? stripe : 0 });

  const priced = pricedItems(commands, prerequisites.items);
  for (const command of commands) {
    switch (command.kind) {
      case 'Credit':
        need(command.userId, command.asset);
        need(command.source, command.asset);
        break;
      case 'Purchase':
        needPurchase(command, priced, need);
        break;
      case 'Transfer':
        need(command.userId, command.asset);
        need(command.toUserId, command.asset);
        break;
      case 'PostTransaction':
        for (const leg of command.legs) need(leg.userId, leg.asset);
        break;
      case 'ReverseTransaction':
      case 'CaptureHold':
      case 'ReleaseHold':
        // Known by what they refer to, below.
        break;
      case 'PlaceHold':
      case 'UpdateAccount':
        need(command.userId, command.asset);
        break;
      case 'PutItem':
        // The primary key of its next version is its guard.
        break;
    }
  }
  for (const hold of prerequisites.holds) {
    need(hold.userId, hold.asset);
    need(hold.destination, hold.asset);
  }
  for (const { entries } of prerequisites.originals) entries.forEach(needRow);
  return [...keys.values()].sort(byKey);
}

/** The holds that the commands name, each once. */
export function holdKeys(commands: readonly Command[]): { userId: string; holdId: string }[] {
  const keys = new Map<string, { userId: string; holdId: string }>();
  for (const command of commands) {
    if (command.kind !== 'CaptureHold' && command.kind !== 'ReleaseHold') continue;
    keys.set(`${command.userId}\0${command.holdId}`, command);
  }
  return [...keys.values()];
}

/** The transactions that the commands take back, each once: several reversals of one may meet in a batch. */
function originalKeys(commands: readonly Command[]): { userId: string; transactionId: string }[] {
  const keys = new Map<string, { userId: string; transactionId: string }>();
  for (const command of commands) {
    if (command.kind === 'ReverseTransaction')
      keys.set(`${command.userId}\0${command.transactionId}`, command);
  }
  return [...keys.values()];
}

/** The accounts whose settings the commands change. */
export function settingsKeys(commands: readonly Command[]): { userId: string; asset: string }[] {
  const keys = new Map<string, { userId: string; asset: string }>();
  for (const command of commands) {
    if (command.kind === 'UpdateAccount') keys.set(`${command.userId}\0${command.asset}`, command);
  }
  return [...keys.values()];
}

/** Order of ASCII text by its bytes. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function itemKeys(commands: readonly Command[]): { itemId: string; version: bigint }[] {
  const keys = new Map<string, { itemId: string; version: bigint }>();
  const need = (itemId: string, version: bigint): void => {
    keys.set(`${itemId}\0${version}`, { itemId, version });
  };
  for (const command of commands) {
    if (command.kind === 'PutItem') need(command.itemId, 0n);
    else if (command.kind === 'Purchase' && command.subject.by === 'item') {
      need(command.subject.itemId, command.subject.priceVersion);
    }
  }
  return [...keys.values()];
}

/** Order of the primary key of accounts. */
function byKey(a: AccountKey, b: AccountKey): number {
  return compareText(a.userId, b.userId) || compareText(a.asset, b.asset) || a.stripe - b.stripe;
}

type PricedItem = Pick<Item, 'itemId' | 'asset' | 'grantAsset'>;

/** Every version that may be paid: those that were read, and those that this very batch makes. */
function pricedItems(commands: readonly Command[], items: readonly Item[]): PricedItem[] {
  return [...items, ...commands.filter((command) => command.kind === 'PutItem')];
}

function needPurchase(
  command: PurchaseCommand,
  items: readonly PricedItem[],
  need: (userId: string, asset: string) => void,
): void {
  const { subject } = command;
  if (subject.by === 'price') {
    need(command.userId, subject.asset);
    need(command.destination, subject.asset);
    return;
  }
  for (const item of items) {
    if (item.itemId !== subject.itemId) continue;
    need(command.userId, item.asset);
    need(command.destination, item.asset);
    if (item.grantAsset === '') continue;
    need(command.userId, item.grantAsset);
    need(ISSUANCE_ACCOUNT, item.grantAsset);
  }
}
