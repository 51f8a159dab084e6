import { accountId } from '../../ledger/account';
import type { Placement } from '../../ledger/placement';
import type { Entry, EntryKind } from '../../ledger/transaction';
import { bigints, integers, texts } from '../pg/binary-columns';
import { timestampText } from '../pg/column-values';
import { entryColumns, storedEntryOf, type EntryRow, type StoredEntry } from '../stored-entry';
import { query, type Connection } from '../pg/connection';
import { inCell } from '../pg/in-cell';
import { runsBy } from './read-balances-as-of';

/** The part of one stripe in which a page lies. */
export interface StripeRange {
  readonly stripe: number;
  /** Only entries after this sequence. */
  readonly after: bigint;
  /** Only entries before this sequence. */
  readonly before: bigint;
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

// Each stripe is read along its primary key from where its range begins, then the stripes are merged by time, and a
// page costs the same wherever it lies. Where time runs backwards in a stripe, the merge goes by the furthest time so
// far: a page then ends each stripe at one sequence, and the next page goes on from there.
const statement = (direction: 'ASC' | 'DESC'): string => `
  SELECT ${entryColumns}
    FROM unnest($3::int[], $4::bigint[], $5::bigint[]) AS s (stripe, after, before)
   CROSS JOIN LATERAL (
     SELECT * FROM ledger.entries i
      WHERE i.user_id = $1 AND i.asset = $2 AND i.stripe = s.stripe
        AND i.sequence > s.after AND i.sequence < s.before
        AND ($6::int[] IS NULL OR i.kind = ANY ($6))
        AND ($8::timestamptz IS NULL OR i.create_time >= $8) AND ($9::timestamptz IS NULL OR i.create_time < $9)
      ORDER BY i.sequence ${direction} LIMIT $7
   ) e
   ORDER BY ${direction === 'ASC' ? 'max' : 'min'}(e.create_time) OVER (PARTITION BY e.stripe ORDER BY e.sequence ${direction})
            ${direction}, e.stripe ${direction}, e.sequence ${direction} LIMIT $7`;

const newestFirstStatement = { name: 'list_entries_newest_first', text: statement('DESC') };
const oldestFirstStatement = { name: 'list_entries_oldest_first', text: statement('ASC') };

/** At most `limit` entries of the ranges, by time, then stripe and sequence. */
export async function listEntries(
  connection: Connection,
  { userId, asset, newestFirst, startTime, endTime, kinds }: EntryFilter,
  ranges: readonly StripeRange[],
  limit: number,
): Promise<StoredEntry[]> {
  const rows = await query<EntryRow>(connection, newestFirst ? newestFirstStatement : oldestFirstStatement, [
    userId,
    asset,
    integers(ranges, (range) => range.stripe),
    bigints(ranges, (range) => range.after),
    bigints(ranges, (range) => range.before),
    kinds.length === 0 ? null : integers(kinds, (kind) => kind),
    limit,
    startTime === null ? null : timestampText(startTime),
    endTime === null ? null : timestampText(endTime),
  ]);
  return rows.map(storedEntryOf);
}

const findSequencesStatement = {
  name: 'find_sequences_before',
  text: `
    SELECT a.stripe, coalesce(max(e.sequence), 0),
           coalesce(min(coalesce(e.sequence, e.first - 1))
                      FILTER (WHERE coalesce(e.sequence, e.first - 1) < coalesce(e.end - 1, a.sequence)), a.sequence)
      FROM ledger.accounts a
     CROSS JOIN LATERAL ${runsBy('a', '$3::timestamptz', '<')} e
     WHERE a.user_id = $1 AND a.asset = $2
     GROUP BY a.stripe, a.sequence`,
};

/** Where the entries of a stripe pass a time. The two differ where time runs backwards in it. */
export interface TimePassage {
  /** Of the last entry before the time; 0: there is none. */
  readonly last: bigint;
  /** The sequence right before the first entry at or after the time. */
  readonly allBefore: bigint;
}

/** Where each stripe of an account passes a time. */
export async function findSequencesBefore(
  connection: Connection,
  { userId, asset }: Pick<EntryFilter, 'userId' | 'asset'>,
  time: bigint,
): Promise<Map<number, TimePassage>> {
  const rows = await query<[number, bigint, bigint]>(connection, findSequencesStatement, [
    userId,
    asset,
    timestampText(time),
  ]);
  return new Map(rows.map(([stripe, last, allBefore]) => [stripe, { last, allBefore }]));
}

const findEntriesStatement = {
  name: 'find_entries',
  text: `
    SELECT ${entryColumns}
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) WITH ORDINALITY
        AS k (user_id, asset, stripe, sequence, position)
      JOIN ledger.entries e
        ON e.user_id = k.user_id AND e.asset = k.asset AND e.stripe = k.stripe AND e.sequence = k.sequence
     ORDER BY k.position`,
};

type EntryKey = Pick<Entry, 'userId' | 'asset' | 'stripe' | 'sequence'>;

/** Entries by their keys, in the order of the keys. */
export async function findEntries(
  connection: Connection,
  placement: Placement,
  keys: readonly EntryKey[],
): Promise<StoredEntry[]> {
  const cells = placement.byCell(keys, (key) => placement.ofRow(key));
  const found = await Promise.all(cells.map(([cell, own]) => findEntriesHere(inCell(connection, cell), own)));
  const [entries] = found;
  if (entries === undefined || found.length === 1) return entries ?? [];
  const byKey = new Map(found.flat().map((entry) => [keyText(entry), entry]));
  return keys.flatMap((key) => byKey.get(keyText(key)) ?? []);
}

function keyText({ userId, asset, stripe, sequence }: EntryKey): string {
  return `${accountId(userId, asset, stripe)}\0${sequence}`;
}

/** Entries of one cell by their keys, in the order of the keys. */
export async function findEntriesHere(
  connection: Connection,
  keys: readonly EntryKey[],
): Promise<StoredEntry[]> {
  const rows = await query<EntryRow>(connection, findEntriesStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    integers(keys, (key) => key.stripe),
    bigints(keys, (key) => key.sequence),
  ]);
  return rows.map(storedEntryOf);
}
