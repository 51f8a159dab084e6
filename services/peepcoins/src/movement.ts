import type { Entry, Transaction } from '@ledger/client';
import type { Movement } from '@ledger/proto/peepcoins/v1/peepcoins_service';

/** The asset of PeepCoins in the ledger. */
export const PEEP = 'PEEP';

/** A line of the history, from a user's entry and its transaction. */
export function movementOf(entry: Entry, { description, item }: Transaction): Movement {
  return {
    transactionId: entry.transactionId,
    change: entry.change,
    balanceAfter: entry.balanceAfter,
    description: item === undefined ? description : `bought ${item.name}`,
    createTime: entry.createTime,
  };
}

/** The line of the history for a new transaction. */
export function coinsOf(transaction: Transaction): Movement {
  return movementOf(entryOf(transaction, PEEP), transaction);
}

/** The entry of a transaction in its owner's account of an asset. */
export function entryOf({ transactionId, userId, entries }: Transaction, asset: string): Entry {
  const entry = entries.find((candidate) => candidate.userId === userId && candidate.asset === asset);
  if (entry === undefined) throw new TypeError(`transaction ${transactionId} moves no ${asset} of ${userId}`);
  return entry;
}
