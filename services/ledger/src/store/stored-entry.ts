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
  e.debits_after, ${microsOf('e.create_time')}, ${microsOf('e.effective_time')}, e.hash`;

/** An entry's row. Numerics are text: they may pass int64. */
export type EntryRow = [
  userId: string,
  asset: string,
  stripe: number,
  sequence: bigint,
  transactionId: string,
  kind: EntryKind,
  change: bigint,
  balanceAfter: string,
  debitsAfter: string,
  createTime: bigint,
  effectiveTime: bigint | null,
  hash: Buffer,
];

/** An entry from its row. */
export function storedEntryOf(row: EntryRow): StoredEntry {
  return {
    userId: row[0],
    asset: row[1],
    stripe: row[2],
    sequence: row[3],
    transactionId: row[4],
    kind: row[5],
    change: row[6],
    balanceAfter: BigInt(row[7]),
    debitsAfter: BigInt(row[8]),
    createTime: row[9],
    effectiveTime: row[10],
    hash: row[11],
  };
}
