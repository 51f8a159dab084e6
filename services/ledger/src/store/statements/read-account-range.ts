import type { AccountKey } from '../../ledger/account';
import { query, type Connection } from '../pg/connection';
import { microsOf, validMicrosOf, validWholeOf, wholeOrNull } from '../pg/column-values';

/** An account row as it is stored, with what must agree with it, all of one moment. */
export interface StoredAccount extends AccountKey {
  readonly sequence: bigint;
  /** Here and below: null for a number that the ledger never writes. */
  readonly balance: bigint | null;
  readonly debits: bigint | null;
  readonly held: bigint;
  readonly minBalance: bigint;
  /** 0: nobody ever set anything. */
  readonly settingsVersion: bigint;
  readonly lastHash: Buffer;
  /** Microseconds since 1970; null before the first entry, or for a time outside of the years 1 to 9999. */
  readonly lastEntryTime: bigint | null;
  readonly commitOrder: bigint;
  /** The highest sequence among its entries, 0 without any. */
  readonly lastSequence: bigint;
  /** The sum of its open holds, including expired ones whose rows are not updated yet. */
  readonly openHolds: bigint;
  /** The row knows a time that is not after the first expiry of its open holds. */
  readonly knowsNextExpiry: boolean;
  /** The sequences at which it is known that the time of its entries goes back. */
  readonly timeSteps: readonly bigint[];
  /** The clock when the row was read, in microseconds since 1970. */
  readonly clock: bigint;
}

// One statement is one snapshot: a row, its last entry and its holds are those of the same moment, without a lock.
const readAccountRangeStatement = {
  name: 'read_account_range',
  text: `
    SELECT a.user_id, a.asset, a.stripe, a.sequence, ${validWholeOf('a.balance')}, ${validWholeOf('a.debits')},
           a.held, a.min_balance, a.settings_version, a.last_hash, ${validMicrosOf('a.last_entry_time')}, a.commit_order,
           coalesce((SELECT e.sequence FROM ledger.entries e
                      WHERE e.user_id = a.user_id AND e.asset = a.asset AND e.stripe = a.stripe
                      ORDER BY e.sequence DESC LIMIT 1), 0),
           h.amount::text, h.expiry IS NULL OR (a.next_hold_expiry IS NOT NULL AND a.next_hold_expiry <= h.expiry),
           ARRAY(SELECT s.sequence::text FROM ledger.time_steps s
                  WHERE s.user_id = a.user_id AND s.asset = a.asset AND s.stripe = a.stripe),
           ${microsOf('clock_timestamp()')}
      FROM ledger.accounts a
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(o.amount), 0) AS amount, min(o.expire_time) AS expiry FROM ledger.holds o
        WHERE o.user_id = a.user_id AND o.asset = a.asset AND o.state = 1) h
     WHERE (a.user_id, a.asset, a.stripe) > ($1, $2, $3) AND a.user_id <= $4
     ORDER BY a.user_id, a.asset, a.stripe LIMIT $5`,
};

type Row = [
  userId: string,
  asset: string,
  stripe: number,
  sequence: bigint,
  balance: string | null,
  debits: string | null,
  held: bigint,
  minBalance: bigint,
  settingsVersion: bigint,
  lastHash: Buffer,
  lastEntryTime: bigint | null,
  commitOrder: bigint,
  lastSequence: bigint,
  openHolds: string,
  knowsNextExpiry: boolean,
  timeSteps: string[],
  clock: bigint,
];

/** At most `limit` accounts after a key and up to a user, in key order. */
export async function readAccountRange(
  connection: Connection,
  after: AccountKey,
  lastUserId: string,
  limit: number,
): Promise<StoredAccount[]> {
  const { userId, asset, stripe } = after;
  const rows = await query<Row>(connection, readAccountRangeStatement, [
    userId,
    asset,
    stripe,
    lastUserId,
    limit,
  ]);
  return rows.map(storedAccountOf);
}

function storedAccountOf(row: Row): StoredAccount {
  return {
    userId: row[0],
    asset: row[1],
    stripe: row[2],
    sequence: row[3],
    balance: wholeOrNull(row[4]),
    debits: wholeOrNull(row[5]),
    held: row[6],
    minBalance: row[7],
    settingsVersion: row[8],
    lastHash: row[9],
    lastEntryTime: row[10],
    commitOrder: row[11],
    lastSequence: row[12],
    openHolds: BigInt(row[13]),
    knowsNextExpiry: row[14],
    timeSteps: row[15].map(BigInt),
    clock: row[16],
  };
}
