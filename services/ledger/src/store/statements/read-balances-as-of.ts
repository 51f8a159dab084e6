import { texts } from '../pg/binary-columns';
import { microsOf, timestampText } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';
import type { BalanceKey } from './read-balances';

/**
 * SQL for what an account row had by a time: for each run of entries whose times grow, its `first` sequence and `end`
 * (exclusive; null: open), and the `sequence`, `create_time` and `balance_after` of its last entry by that time, without
 * which `sequence` is null. Nearly every account is one run; see the table of time steps. In a run, the last 64th entry
 * before the time is found by the sparse index, then the entry along the primary key.
 *
 * @param key the alias that has user_id, asset and stripe
 * @param comparison `<=` for up to and including the time, `<` for before it
 */
export function runsBy(key: string, time: string, comparison: '<=' | '<'): string {
  const of = (alias: string): string =>
    `${alias}.user_id = ${key}.user_id AND ${alias}.asset = ${key}.asset AND ${alias}.stripe = ${key}.stripe`;
  return `(
    SELECT r.first, r.end, e.sequence, e.balance_after, e.create_time
      FROM (SELECT f.first,
                   (SELECT min(n.sequence) FROM ledger.time_steps n WHERE ${of('n')} AND n.sequence > f.first) AS end
              FROM (SELECT 1::bigint AS first
                     UNION ALL SELECT t.sequence FROM ledger.time_steps t WHERE ${of('t')}) f) r
     CROSS JOIN LATERAL (
       SELECT coalesce((
         SELECT s.sequence FROM ledger.entries s
          WHERE ${of('s')} AND s.sequence % 64 = 0 AND s.create_time ${comparison} ${time}
            AND s.sequence >= r.first AND (r.end IS NULL OR s.sequence < r.end)
          ORDER BY s.create_time DESC, s.sequence DESC LIMIT 1), r.first) AS sequence) base
      LEFT JOIN LATERAL (
       SELECT i.sequence, i.balance_after, i.create_time FROM ledger.entries i
        WHERE ${of('i')} AND i.sequence >= base.sequence AND i.sequence < base.sequence + 64
          AND (r.end IS NULL OR i.sequence < r.end) AND i.create_time ${comparison} ${time}
        ORDER BY i.sequence DESC LIMIT 1) e ON true)`;
}

/** SQL for what the runs of an account row `a`, as `e`, sum up to: the balance, and the number of entries. */
const SUMS = `
  sum(e.balance_after - CASE WHEN e.first = 1 THEN 0 ELSE (
    SELECT b.balance_after FROM ledger.entries b
     WHERE b.user_id = a.user_id AND b.asset = a.asset AND b.stripe = a.stripe AND b.sequence = e.first - 1) END)::text,
  sum(e.sequence - e.first + 1)::text, max(${microsOf('e.create_time')})`;

const readBalancesAsOfTimeStatement = {
  name: 'read_balances_as_of_time',
  text: `
    SELECT k.user_id, k.asset, ${SUMS}
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset
     CROSS JOIN LATERAL ${runsBy('a', '$3::timestamptz', '<=')} e
     WHERE e.sequence IS NOT NULL
     GROUP BY k.user_id, k.asset`,
};

const listBalancesAsOfTimeStatement = {
  name: 'list_balances_as_of_time',
  text: `
    SELECT a.user_id, a.asset, ${SUMS}
      FROM ledger.accounts a
     CROSS JOIN LATERAL ${runsBy('a', '$4::timestamptz', '<=')} e
     WHERE a.user_id = $1 AND a.asset > $2 AND e.sequence IS NOT NULL
     GROUP BY a.user_id, a.asset ORDER BY a.asset LIMIT $3`,
};

const readBalanceAsOfSequenceStatement = {
  name: 'read_balance_as_of_sequence',
  text: `
    SELECT e.user_id, e.asset, e.balance_after::text, e.sequence::text, ${microsOf('e.create_time')}
      FROM ledger.entries e WHERE e.user_id = $1 AND e.asset = $2 AND e.stripe = 0 AND e.sequence <= $3
     ORDER BY e.sequence DESC LIMIT 1`,
};

type Row = [string, string, string, string, bigint];

/** A balance as it was. What was held then is not kept. */
export interface PastBalance {
  readonly userId: string;
  readonly asset: string;
  readonly balance: bigint;
  readonly sequence: bigint;
  readonly lastEntryTime: bigint;
}

/** Balances after all entries up to and including a time, in one snapshot. Keys must differ from each other. */
export async function readBalancesAsOfTime(
  connection: Connection,
  keys: readonly BalanceKey[],
  time: bigint,
): Promise<PastBalance[]> {
  const rows = await query<Row>(connection, readBalancesAsOfTimeStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    timestampText(time),
  ]);
  return rows.map(pastBalanceOf);
}

/** The balances of at most `limit` assets of a user after an asset, as they were at a time, by asset. */
export async function listBalancesAsOfTime(
  connection: Connection,
  userId: string,
  after: string,
  limit: number,
  time: bigint,
): Promise<PastBalance[]> {
  const rows = await query<Row>(connection, listBalancesAsOfTimeStatement, [
    userId,
    after,
    limit,
    timestampText(time),
  ]);
  return rows.map(pastBalanceOf);
}

/** The balance of a user's account after its entry of a sequence, or after its last one before that. */
export async function readBalanceAsOfSequence(
  connection: Connection,
  key: BalanceKey,
  sequence: bigint,
): Promise<PastBalance | null> {
  const rows = await query<Row>(connection, readBalanceAsOfSequenceStatement, [
    key.userId,
    key.asset,
    sequence,
  ]);
  const [row] = rows;
  return row === undefined ? null : pastBalanceOf(row);
}

function pastBalanceOf([userId, asset, balance, sequence, lastEntryTime]: Row): PastBalance {
  return { userId, asset, balance: BigInt(balance), sequence: BigInt(sequence), lastEntryTime };
}
