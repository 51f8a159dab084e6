import type { Entry, EntryKind } from '../ledger/transaction';
import { microsOf } from './pg/column-values';

/** An entry as it is stored. */
export interface StoredEntry extends Entry {
  readonly transactionId: string;
  readonly kind: EntryKind;
  /** Microseconds since 1970. */
  readonly createTime: bigint;
}

/** The columns of an entry `e`, as storedEntryOf takes them. */
export const entryColumns = `
  e.user_id, e.asset, e.stripe, e.sequence, e.transaction_id, e.kind, e.change, e.balance_after,
  ${microsOf('e.create_time')}, e.hash`;

/** An entry's row. */
export type EntryRow = [string, string, number, bigint, string, EntryKind, bigint, bigint, bigint, Buffer];

/** An entry from its row. */
export function storedEntryOf(row: EntryRow): StoredEntry {
  const [userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, createTime, hash] = row;
  return { userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, createTime, hash };
}
