import type { AccountKey } from '../../ledger/account';
import { bigints, integers, texts } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';
import { validMicrosOf, validWholeOf, wholeOrNull } from '../pg/column-values';

/** The next part of one account's entries. */
export interface ChainSlice extends AccountKey {
  /** Only entries after this sequence. */
  readonly after: bigint;
  /** Only entries up to this sequence. */
  readonly upTo: bigint;
  /** The most entries. */
  readonly limit: bigint;
}

/** An entry as it is stored, with what its hash rests on. */
export interface ChainEntry {
  readonly sequence: bigint;
  readonly transactionId: string;
  readonly kind: number;
  readonly change: bigint;
  /** Here and below: null for a number that the ledger never writes. */
  readonly balanceAfter: bigint | null;
  readonly debitsAfter: bigint | null;
  /** Microseconds since 1970; null for a time outside of the years 1 to 9999. */
  readonly createTime: bigint | null;
  /** null, too, when it was not given. */
  readonly effectiveTime: bigint | null;
  readonly hash: Buffer;
  /** null: there is none. */
  readonly transaction: ChainTransaction | null;
}

/** What an entry must agree with. */
export interface ChainTransaction {
  readonly userId: string;
  readonly kind: number;
  /** Microseconds since 1970; null for a time outside of the years 1 to 9999. */
  readonly createTime: bigint | null;
  readonly effectiveTime: bigint | null;
  readonly digest: Buffer;
  readonly commitOrder: bigint;
  /** The transaction names this entry as its own. */
  readonly namesEntry: boolean;
  /** How many transactions have this id. */
  readonly copies: bigint;
}

// Slices that together fit a page, each along the primary key; an entry gives its transaction's id alone, so that is
// found by the index of ids. Of several with one id the earliest counts. No order that an index has: for the sake of one,
// plans for young tables went along it, through the transactions of everybody. A key is compared as a whole: containment
// (@>) would take its parts in any order.
const readChainsStatement = {
  name: 'read_chains',
  text: `
    SELECT k.position::int, e.sequence, e.transaction_id, e.kind, e.change, ${validWholeOf('e.balance_after')},
           ${validWholeOf('e.debits_after')}, ${validMicrosOf('e.create_time')}, ${validMicrosOf('e.effective_time')},
           e.hash, t.user_id, t.kind, ${validMicrosOf('t.create_time')}, ${validMicrosOf('t.effective_time')}, t.digest,
           t.commit_order,
           CASE WHEN json_typeof(t.entry_keys) = 'array' THEN EXISTS (
             SELECT FROM json_array_elements(t.entry_keys) n
              WHERE n::jsonb = jsonb_build_array(k.user_id, k.asset, k.stripe, e.sequence::text)) ELSE false END,
           t.copies
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[]) WITH ORDINALITY
        AS k (user_id, asset, stripe, after, up_to, count, position)
     CROSS JOIN LATERAL (
       SELECT * FROM ledger.entries i
        WHERE i.user_id = k.user_id AND i.asset = k.asset AND i.stripe = k.stripe
          AND i.sequence > k.after AND i.sequence <= k.up_to
        ORDER BY i.sequence LIMIT k.count) e
      LEFT JOIN LATERAL (
       SELECT o.*, count(*) OVER () AS copies FROM ledger.transactions o
        WHERE o.transaction_id = e.transaction_id ORDER BY o.create_time LIMIT 1) t ON true
     ORDER BY k.position, e.sequence`,
};

type Row = [
  position: number,
  sequence: bigint,
  transactionId: string,
  kind: number,
  change: bigint,
  balanceAfter: string | null,
  debitsAfter: string | null,
  createTime: bigint | null,
  effectiveTime: bigint | null,
  hash: Buffer,
  owner: string | null,
  transactionKind: number,
  transactionTime: bigint | null,
  transactionEffectiveTime: bigint | null,
  digest: Buffer,
  commitOrder: bigint,
  namesEntry: boolean,
  copies: bigint,
];

/** The entries of each slice, in the order of the slices, each in order of the sequence. */
export async function readChains(
  connection: Connection,
  slices: readonly ChainSlice[],
): Promise<ChainEntry[][]> {
  const rows = await query<Row>(connection, readChainsStatement, [
    texts(slices, (slice) => slice.userId),
    texts(slices, (slice) => slice.asset),
    integers(slices, (slice) => slice.stripe),
    bigints(slices, (slice) => slice.after),
    bigints(slices, (slice) => slice.upTo),
    bigints(slices, (slice) => slice.limit),
  ]);
  const chains = slices.map((): ChainEntry[] => []);
  for (const row of rows) chains[row[0] - 1]?.push(chainEntryOf(row));
  return chains;
}

function chainEntryOf(row: Row): ChainEntry {
  const [, sequence, transactionId, kind, change, balance, debits, createTime, effectiveTime, hash, owner] =
    row;
  const transaction =
    owner === null
      ? null
      : {
          ...{ userId: owner, kind: row[11], createTime: row[12], effectiveTime: row[13], digest: row[14] },
          ...{ commitOrder: row[15], namesEntry: row[16], copies: row[17] },
        };
  const sums = { balanceAfter: wholeOrNull(balance), debitsAfter: wholeOrNull(debits) };
  return { sequence, transactionId, kind, change, ...sums, createTime, effectiveTime, hash, transaction };
}
