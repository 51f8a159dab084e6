import type { AccountKey } from '../ledger/account';
import type { Connection } from '../store/pg/connection';

/** Runs one short piece of reading on some connection. Each statement in it is a snapshot of its own. */
export type LedgerReader = <T>(work: (connection: Connection) => Promise<T>) => Promise<T>;

/** Comes before every key that an account can have. */
export const FIRST_KEY: AccountKey = { userId: '', asset: '', stripe: -1 };

/** Comes after every text that the ledger writes: the last code point, of which byte order makes the last text. */
export const LAST_TEXT = '\u{10FFFF}';

/** The largest stripe that the column can have. */
export const LAST_STRIPE = 2 ** 31 - 1;

/** Comes before every transaction id but itself, so nothing may have it. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
