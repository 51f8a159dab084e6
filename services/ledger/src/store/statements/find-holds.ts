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

// Account by account, which the inner LIMIT and the aggregate below keep up: a join of young tables would begin with the
// time and read all open holds.
const findDueHoldsStatement = {
  name: 'find_due_holds',
  text: `
    SELECT ${HOLD_COLUMNS}
      FROM unnest($1::text[], $2::text[]) AS k (user_id, asset)
     CROSS JOIN LATERAL (
       SELECT * FROM ledger.holds o
        WHERE o.user_id = k.user_id AND o.asset = k.asset AND o.state = 1 AND o.expire_time <= $3::timestamptz
       LIMIT $4::int) h
     LIMIT $5::int`,
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

/** How many expired holds a batch settles: of one account, and of all. More are settled before it, by themselves. */
const DUE_HOLDS_OF_ACCOUNT_MAX = 100;
const DUE_HOLDS_OF_BATCH_MAX = 1_000;

/** What has expired on accounts by a time, and when the next hold of each expires. */
export interface DueHolds {
  readonly holds: Hold[];
  readonly nextExpiries: { userId: string; asset: string; expireTime: bigint }[];
}

/** Names a user's account. */
interface UserAccount {
  readonly userId: string;
  readonly asset: string;
}

/**
 * Reads what is due on accounts whose rows are locked.
 *
 * @returns accounts of which less than everything was read are named apart, and nothing else is said of them
 */
export async function findDueHolds<Key extends UserAccount>(
  connection: Connection,
  keys: readonly Key[],
  now: bigint,
): Promise<DueHolds & { readonly complete: Key[]; readonly tooMany: Key[] }> {
  const accounts = [texts(keys, (key) => key.userId), texts(keys, (key) => key.asset), timestampText(now)];
  const [due, next] = await Promise.all([
    query<HoldRow>(connection, findDueHoldsStatement, [
      ...accounts,
      DUE_HOLDS_OF_ACCOUNT_MAX + 1,
      DUE_HOLDS_OF_BATCH_MAX + 1,
    ]),
    query<[string, string, bigint]>(connection, findNextExpiriesStatement, accounts),
  ]);
  const holds = due.map(holdOfRow);
  const counts = new Map<string, number>();
  for (const { userId, asset } of holds)
    counts.set(`${userId}\0${asset}`, (counts.get(`${userId}\0${asset}`) ?? 0) + 1);
  // The rows come account by account: the last one may be cut, and those that did not come are not known.
  const last = holds.length > DUE_HOLDS_OF_BATCH_MAX ? holds.at(-1) : undefined;
  const isComplete = ({ userId, asset }: UserAccount): boolean => {
    const count = counts.get(`${userId}\0${asset}`);
    if (last === undefined) return (count ?? 0) <= DUE_HOLDS_OF_ACCOUNT_MAX;
    const isLast = last.userId === userId && last.asset === asset;
    return count !== undefined && count <= DUE_HOLDS_OF_ACCOUNT_MAX && !isLast;
  };
  const complete = keys.filter(isComplete);
  const read = new Set(complete.map(({ userId, asset }) => `${userId}\0${asset}`));
  const isRead = ({ userId, asset }: UserAccount): boolean => read.has(`${userId}\0${asset}`);
  return {
    holds: holds.filter(isRead),
    nextExpiries: next.map(([userId, asset, expireTime]) => ({ userId, asset, expireTime })).filter(isRead),
    complete,
    tooMany: keys.filter((key) => !isRead(key)),
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
