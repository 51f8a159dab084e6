import type { Entry, Transaction } from '@ledger/client';
import type { Movement } from '@ledger/proto/peepcoins/v1/peepcoins_service';

/** PeepCoins, in the ledger. */
export const PEEP = 'PEEP';

/** A user's entry, and the transaction that says why, as a line of the history. */
export function movementOf(entry: Entry, { description, item }: Transaction): Movement {
  return {
    transactionId: entry.transactionId,
    change: entry.change,
    balanceAfter: entry.balanceAfter,
    description: item === undefined ? description : `bought ${item.name}`,
    createTime: entry.createTime,
  };
}

/** The line for a transaction that was just booked. */
export function coinsOf(transaction: Transaction): Movement {
  return movementOf(entryOf(transaction, PEEP), transaction);
}

/** What a transaction did to the owner's account of an asset. */
export function entryOf({ transactionId, userId, entries }: Transaction, asset: string): Entry {
  const entry = entries.find((candidate) => candidate.userId === userId && candidate.asset === asset);
  if (entry === undefined) throw new TypeError(`transaction ${transactionId} moves no ${asset} of ${userId}`);
  return entry;
}
