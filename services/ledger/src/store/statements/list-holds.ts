import type { Hold, HoldState } from '../../ledger/hold';
import { query, type Connection } from '../pg/connection';
import { HOLD_COLUMNS, holdOfRow, type HoldRow } from './find-holds';

// An open hold past its expire_time has expired, whether or not the row says so already.
const state = `CASE WHEN h.state = 1 AND h.expire_time <= clock_timestamp() THEN 4 ELSE h.state END`;
const columns = HOLD_COLUMNS.replace('h.state', state);

const findHoldStatement = {
  name: 'find_hold',
  text: `SELECT ${columns} FROM ledger.holds h WHERE h.user_id = $1 AND h.hold_id = $2`,
};

const listHoldsStatement = {
  name: 'list_holds',
  text: `
    SELECT ${columns} FROM ledger.holds h
     WHERE h.user_id = $1 AND h.hold_id < $2 AND ($3 = '' OR h.asset = $3)
       AND ($4::int[] IS NULL OR ${state} = ANY ($4))
     ORDER BY h.hold_id DESC LIMIT $5`,
};

/** A user's hold as it stands now, or null. */
export async function findHold(connection: Connection, userId: string, holdId: string): Promise<Hold | null> {
  const [row] = await query<HoldRow>(connection, findHoldStatement, [userId, holdId]);
  return row === undefined ? null : withExpiry(holdOfRow(row));
}

/** Which holds of a user. */
export interface HoldFilter {
  readonly userId: string;
  /** Empty: all. */
  readonly asset: string;
  /** Empty: all. */
  readonly states: readonly HoldState[];
}

/** At most `limit` holds before an id, newest first. */
export async function listHolds(
  connection: Connection,
  { userId, asset, states }: HoldFilter,
  before: string,
  limit: number,
): Promise<Hold[]> {
  const wanted = states.length === 0 ? null : states;
  const rows = await query<HoldRow>(connection, listHoldsStatement, [userId, before, asset, wanted, limit]);
  return rows.map((row) => withExpiry(holdOfRow(row)));
}

/** An expired hold whose row is not updated yet shows its expiry as the time of the change. */
function withExpiry(hold: Hold): Hold {
  const expired = hold.state === 4 && hold.expireTime !== null;
  return expired ? { ...hold, updateTime: hold.expireTime } : hold;
}
