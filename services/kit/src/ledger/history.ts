import type { CallOptions, Entry, LedgerClient, Transaction } from '@ledger/client';
import { invalidField } from '../rpc/request-check';
import { translated, type Translations } from './service-errors';

/** Which part of which account. */
export interface HistoryQuery {
  readonly userId: string;
  readonly asset: string;
  /** At least 1. */
  readonly pageSize: number;
  /** Of the page before; empty for the first. */
  readonly pageToken: string;
}

/** A page of an account's history. */
export interface HistoryPage {
  /** Newest first: what happened to the account, and the transaction that says why. */
  readonly movements: readonly { readonly entry: Entry; readonly transaction: Transaction }[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/**
 * Reads a page of history. Entries and transactions never change, so what is read one after the other agrees, whatever
 * is booked meanwhile.
 *
 * @throws CallError INVALID_FIELD for a page token that is not one of this account
 */
export async function readHistory(
  ledger: LedgerClient,
  query: HistoryQuery,
  options: CallOptions,
): Promise<HistoryPage> {
  const { entries, nextPageToken } = await ledger.listEntries(query, options).catch((error: unknown) => {
    throw translated(error, badToken);
  });
  const movements = await Promise.all(
    entries.map(async (entry) => {
      const { transaction } = await ledger.getTransaction({ transactionId: entry.transactionId }, options);
      return { entry, transaction };
    }),
  );
  return { movements, nextPageToken };
}

/** All else of the query was checked before. */
const badToken: Translations = {
  INVALID_FIELD: () => invalidField('page_token', 'must come from the page before, of the same user'),
};
