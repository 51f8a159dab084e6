import { accountId, isSystemAccount, type AccountKey } from '../ledger/account';
import { ISSUANCE_ACCOUNT, type Command, type PurchaseCommand } from '../ledger/command';
import type { Item } from '../ledger/item';

/** The account rows that the commands may change, each once, in key order. */
export function accountKeys(
  commands: readonly Command[],
  items: readonly Item[],
  stripe: number,
): AccountKey[] {
  const keys = new Map<string, AccountKey>();
  const priced = pricedItems(commands, items);
  const need = (userId: string, asset: string): void => {
    const row = isSystemAccount(userId) ? stripe : 0;
    const id = accountId(userId, asset, row);
    if (!keys.has(id)) keys.set(id, { userId, asset, stripe: row });
  };
  for (const command of commands) {
    switch (command.kind) {
      case 'Credit':
        need(command.userId, command.asset);
        need(command.source, command.asset);
        break;
      case 'Purchase':
        needPurchase(command, priced, need);
        break;
      case 'PutItem':
        // The primary key of its next version is its guard.
        break;
    }
  }
  return [...keys.values()].sort(byKey);
}

/** The versions of items that the commands may read. */
export function itemKeys(commands: readonly Command[]): { itemId: string; version: bigint }[] {
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

/** Order of the primary key of accounts: bytes of ASCII text, then the number. */
export function byKey(a: AccountKey, b: AccountKey): number {
  return compareText(a.userId, b.userId) || compareText(a.asset, b.asset) || a.stripe - b.stripe;
}

/** Order of ASCII text by its bytes. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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
