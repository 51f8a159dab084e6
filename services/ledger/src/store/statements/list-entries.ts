import type { Entry, EntryKind } from '../../ledger/transaction';
import { microsOf, query, timestampText, type Connection } from '../connection';

/** An entry as it is stored. */
export interface StoredEntry extends Entry {
  readonly transactionId: string;
  readonly kind: EntryKind;
  /** Microseconds since 1970. */
  readonly createTime: bigint;
}

/** From where a page of one stripe goes on: the sequence before which (or after which) it begins. */
export interface StripeCursor {
  readonly stripe: number;
  readonly sequence: bigint;
}

/** Which entries of an account. */
export interface EntryFilter {
  readonly userId: string;
  readonly asset: string;
  readonly newestFirst: boolean;
  /** Microseconds since 1970, inclusive; null: no bound. */
  readonly startTime: bigint | null;
  /** Microseconds since 1970, exclusive; null: no bound. */
  readonly endTime: bigint | null;
  /** Empty: all. */
  readonly kinds: readonly EntryKind[];
}

const columns = `
  e.user_id, e.asset, e.stripe, e.sequence, e.transaction_id, e.kind, e.change, e.balance_after,
  ${microsOf('e.create_time')}, e.hash`;

// Each stripe is read along its primary key from where its cursor stands, then the stripes are merged by time. Time
// never runs backwards within a stripe, so the merge is right, and a page costs the same wherever it lies.
const statement = (comparison: '<' | '>', direction: 'ASC' | 'DESC'): string => `
  SELECT ${columns}
    FROM unnest($3::int[], $4::bigint[]) AS s (stripe, sequence)
   CROSS JOIN LATERAL (
     SELECT * FROM ledger.entries i
      WHERE i.user_id = $1 AND i.asset = $2 AND i.stripe = s.stripe AND i.sequence ${comparison} s.sequence
        AND ($5::timestamptz IS NULL OR i.create_time >= $5)
        AND ($6::timestamptz IS NULL OR i.create_time < $6)
        AND ($7::smallint[] IS NULL OR i.kind = ANY ($7))
      ORDER BY i.sequence ${direction} LIMIT $8
   ) e
   ORDER BY e.create_time ${direction}, e.stripe ${direction}, e.sequence ${direction} LIMIT $8`;

const newestFirstStatement = { name: 'list_entries_newest_first', text: statement('<', 'DESC') };
const oldestFirstStatement = { name: 'list_entries_oldest_first', text: statement('>', 'ASC') };

type Row = [string, string, number, bigint, string, EntryKind, bigint, bigint, bigint, Buffer];

/** At most `limit` entries beyond the cursors, by time, then stripe and sequence. */
export async function listEntries(
  connection: Connection,
  filter: EntryFilter,
  cursors: readonly StripeCursor[],
  limit: number,
): Promise<StoredEntry[]> {
  const rows = await query<Row>(
    connection,
    filter.newestFirst ? newestFirstStatement : oldestFirstStatement,
    [
      filter.userId,
      filter.asset,
      cursors.map((cursor) => cursor.stripe),
      cursors.map((cursor) => cursor.sequence),
      filter.startTime === null ? null : timestampText(filter.startTime),
      filter.endTime === null ? null : timestampText(filter.endTime),
      filter.kinds.length === 0 ? null : filter.kinds,
      limit,
    ],
  );
  return rows.map(storedEntryOf);
}

const findEntriesStatement = {
  name: 'find_entries',
  text: `
    SELECT ${columns}
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) WITH ORDINALITY
        AS k (user_id, asset, stripe, sequence, position)
      JOIN ledger.entries e
        ON e.user_id = k.user_id AND e.asset = k.asset AND e.stripe = k.stripe AND e.sequence = k.sequence
     ORDER BY k.position`,
};

/** Entries by their keys, in the order of the keys. */
export async function findEntries(
  connection: Connection,
  keys: readonly Pick<Entry, 'userId' | 'asset' | 'stripe' | 'sequence'>[],
): Promise<StoredEntry[]> {
  const rows = await query<Row>(connection, findEntriesStatement, [
    keys.map((key) => key.userId),
    keys.map((key) => key.asset),
    keys.map((key) => key.stripe),
    keys.map((key) => key.sequence),
  ]);
  return rows.map(storedEntryOf);
}

function storedEntryOf(row: Row): StoredEntry {
  const [userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, createTime, hash] = row;
  return { userId, asset, stripe, sequence, transactionId, kind, change, balanceAfter, createTime, hash };
}
