import type { AccountKey } from '../ledger/account';
import type { Connection } from '../store/pg/connection';
import { inCell } from '../store/pg/in-cell';

/** Runs a short read on some connection. Each of its statements is a snapshot of its own. */
export type LedgerReader = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;

/** The same in one cell. */
export function readerIn(read: LedgerReader, cell: number): LedgerReader {
  return (work) => read((connection) => work(inCell(connection, cell)));
}

/** Sorts before every possible account key. */
export const FIRST_KEY: AccountKey = { userId: '', asset: '', stripe: -1 };

/** Sorts, in byte order, after every text that the ledger writes: the last code point. */
export const LAST_TEXT = '\u{10FFFF}';

/** The largest stripe that the column can have. */
export const LAST_STRIPE = 2 ** 31 - 1;

/** Sorts before every other transaction id. No transaction may have it. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
