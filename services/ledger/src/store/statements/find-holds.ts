import type { Hold, HoldState } from '../../ledger/hold';
import { texts, uuids } from '../pg/binary-columns';
import { microsOf, timestampText } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

/** The columns of a hold as every statement selects them. */
export const HOLD_COLUMNS = `
  h.user_id, h.hold_id, h.asset, h.amount, h.captured_amount, h.destination, h.state, ${microsOf('h.expire_time')},
  ${microsOf('h.create_time')}, ${microsOf('h.update_time')}`;

/** A row of these columns. */
export type HoldRow = [
  userId: string,
  holdId: string,
  asset: string,
  amount: bigint,
  capturedAmount: bigint,
  destination: string,
  state: HoldState,
  expireTime: bigint | null,
  createTime: bigint,
  updateTime: bigint,
];

const findHoldsStatement = {
  name: 'find_holds',
  text: `
    SELECT ${HOLD_COLUMNS}
      FROM unnest($1::text[], $2::uuid[]) AS k (user_id, hold_id)
      JOIN ledger.holds h ON h.user_id = k.user_id AND h.hold_id = k.hold_id`,
};

/** Holds by their keys. Their state is only certain under the lock of their account. */
export async function findHolds(
  connection: Connection,
  keys: readonly { userId: string; holdId: string }[],
): Promise<Hold[]> {
  const rows = await query<HoldRow>(connection, findHoldsStatement, [
    texts(keys, (key) => key.userId),
    uuids(keys, (key) => key.holdId),
  ]);
  return rows.map(holdOfRow);
}

// Account by account, which OFFSET 0 and the aggregate below keep up: a join of young tables would begin with the time
// and read all open holds.
const findDueHoldsStatement = {
  name: 'find_due_holds',
  text: `
    SELECT ${HOLD_COLUMNS}
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)
     CROSS JOIN LATERAL (
       SELECT * FROM ledger.holds o
        WHERE o.user_id = k.user_id AND o.asset = k.asset AND o.state = 1 AND o.expire_time <= $3::timestamptz
       OFFSET 0) h`,
};

const findNextExpiriesStatement = {
  name: 'find_next_expiries',
  text: `
    SELECT k.user_id, k.asset, ${microsOf('h.expire_time')}
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)
     CROSS JOIN LATERAL (
       SELECT min(o.expire_time) AS expire_time FROM ledger.holds o
        WHERE o.user_id = k.user_id AND o.asset = k.asset AND o.state = 1 AND o.expire_time > $3::timestamptz) h
     WHERE h.expire_time IS NOT NULL`,
};

/** What has expired on accounts by a time, and when the next hold of each expires. */
export interface DueHolds {
  readonly holds: Hold[];
  readonly nextExpiries: { userId: string; asset: string; expireTime: bigint }[];
}

/** Reads what is due on accounts whose rows are locked. */
export async function findDueHolds(
  connection: Connection,
  keys: readonly { userId: string; asset: string }[],
  now: bigint,
): Promise<DueHolds> {
  const values = [texts(keys, (key) => key.userId), texts(keys, (key) => key.asset), timestampText(now)];
  const [due, next] = await Promise.all([
    query<HoldRow>(connection, findDueHoldsStatement, values),
    query<[string, string, bigint]>(connection, findNextExpiriesStatement, values),
  ]);
  return {
    holds: due.map(holdOfRow),
    nextExpiries: next.map(([userId, asset, expireTime]) => ({ userId, asset, expireTime })),
  };
}

/** The hold of a row. */
export function holdOfRow(row: HoldRow): Hold {
  const [
    userId,
    holdId,
    asset,
    amount,
    capturedAmount,
    destination,
    state,
    expireTime,
    createTime,
    updateTime,
  ] = row;
  return {
    userId,
    holdId,
    asset,
    amount,
    capturedAmount,
    destination,
    state,
    expireTime,
    createTime,
    updateTime,
  };
}
