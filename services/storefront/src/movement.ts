import type { Entry, Transaction } from '@ledger/client';
import type { Movement } from '@ledger/proto/storefront/v1/storefront_service';
import { shopItemId } from './items';

/** A line of the history, from a user's entry and its transaction. */
export function movementOf(entry: Entry, { item }: Transaction): Movement {
  return {
    transactionId: entry.transactionId,
    changeCents: entry.change,
    balanceAfterCents: entry.balanceAfter,
    item: item && {
      itemId: shopItemId(item.itemId),
      name: item.name,
      version: item.priceVersion,
      priceCents: item.unitPrice,
    },
    createTime: entry.createTime,
  };
}

/** The line of the history for a new transaction, whose first entry is that of the user. */
export function movementOfTransaction(transaction: Transaction): Movement {
  const [entry] = transaction.entries;
  if (entry === undefined) throw new TypeError(`transaction ${transaction.transactionId} has no entry`);
  return movementOf(entry, transaction);
}
