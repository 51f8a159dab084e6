import { HoldState } from '../../ledger/hold';
import { timestampText, validMicrosOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';
import type { RequestKey } from './read-stored-requests';

/** Rows beside the entries that a checkpoint covers, each table in pages of its key, as they stood at a time. */

const readCoveredRequestsStatement = {
  name: 'read_covered_requests',
  text: `
    SELECT r.user_id, r.request_id, r.method, r.caller, r.content_hash, r.code, r.reason, sha256(r.outcome),
           r.transaction_id::text, r.commit_order
      FROM ledger.requests r
     WHERE (r.user_id, r.request_id) > ($1, $2) AND r.create_time <= $3::timestamptz
     ORDER BY r.user_id, r.request_id LIMIT $4`,
};

/** A request and its outcome, with the commit order of what it booked. */
export type CoveredRequest = readonly [
  userId: string,
  requestId: string,
  method: string,
  caller: string,
  contentHash: Buffer,
  code: number,
  reason: string,
  outcomeHash: Buffer,
  transactionId: string | null,
  commitOrder: bigint | null,
];

/** At most `limit` requests of up to a time after a key, in key order. */
export function readCoveredRequests(
  connection: Connection,
  after: RequestKey,
  time: bigint,
  limit: number,
): Promise<CoveredRequest[]> {
  const values = [after.userId, after.requestId, timestampText(time), limit];
  return query<CoveredRequest>(connection, readCoveredRequestsStatement, values);
}

const readCoveredHoldsStatement = {
  name: 'read_covered_holds',
  // A hold that ended later was open then. One that had expired had, whether or not its row said so.
  text: `
    SELECT h.user_id, h.hold_id::text, h.asset, h.amount, h.destination, ${validMicrosOf('h.expire_time')},
           ${validMicrosOf('h.create_time')},
           CASE WHEN h.state = ${HoldState.OPEN} AND h.expire_time <= $3::timestamptz THEN ${HoldState.EXPIRED}
                WHEN h.update_time > $3::timestamptz THEN ${HoldState.OPEN} ELSE h.state END,
           CASE WHEN h.update_time > $3::timestamptz THEN 0 ELSE h.captured_amount END
      FROM ledger.holds h
     WHERE (h.user_id, h.hold_id) > ($1, $2) AND h.create_time <= $3::timestamptz
     ORDER BY h.user_id, h.hold_id LIMIT $4`,
};

/** A hold. */
export type CoveredHold = readonly [
  userId: string,
  holdId: string,
  asset: string,
  amount: bigint,
  destination: string,
  expireTime: bigint | null,
  createTime: bigint | null,
  state: number,
  capturedAmount: bigint,
];

/** At most `limit` holds that were placed up to a time after a key, in key order, as they stood at that time. */
export function readCoveredHolds(
  connection: Connection,
  after: { readonly userId: string; readonly holdId: string },
  time: bigint,
  limit: number,
): Promise<CoveredHold[]> {
  const values = [after.userId, after.holdId, timestampText(time), limit];
  return query<CoveredHold>(connection, readCoveredHoldsStatement, values);
}

const readCoveredItemsStatement = {
  name: 'read_covered_items',
  text: `
    SELECT i.item_id, i.version, i.name, i.asset, i.price, i.active, i.grant_asset, ${validMicrosOf('i.create_time')}
      FROM ledger.item_versions i
     WHERE (i.item_id, i.version) > ($1, $2) AND i.create_time <= $3::timestamptz
     ORDER BY i.item_id, i.version LIMIT $4`,
};

/** A version of an item. */
export type CoveredItem = readonly [
  itemId: string,
  version: bigint,
  name: string,
  asset: string,
  price: bigint,
  active: boolean,
  grantAsset: string,
  createTime: bigint | null,
];

/** At most `limit` versions of items that were made up to a time after a key, in key order. */
export function readCoveredItems(
  connection: Connection,
  after: { readonly itemId: string; readonly version: bigint },
  time: bigint,
  limit: number,
): Promise<CoveredItem[]> {
  const values = [after.itemId, after.version, timestampText(time), limit];
  return query<CoveredItem>(connection, readCoveredItemsStatement, values);
}
