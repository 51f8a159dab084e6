import { query, type Connection } from '../pg/connection';

/** A request row as it is stored, whatever is in it. */
export interface StoredRequest {
  readonly userId: string;
  readonly requestId: string;
  readonly method: string;
  readonly caller: string;
  readonly code: number;
  readonly reason: string;
  /** null: a batch that succeeded, whose response may be large. Its writes have requests of their own. */
  readonly outcome: Buffer | null;
  readonly transactionId: string | null;
}

/** Names a request row. */
export interface RequestKey {
  readonly userId: string;
  readonly requestId: string;
}

const readRequestRangeStatement = {
  name: 'read_request_range',
  text: `
    SELECT r.user_id, r.request_id, r.method, r.caller, r.code, r.reason,
           CASE WHEN r.method <> 'BatchWrite' OR r.code <> 0 THEN r.outcome END, r.transaction_id
      FROM ledger.requests r
     WHERE (r.user_id, r.request_id) > ($1, $2) AND r.user_id <= $3
     ORDER BY r.user_id, r.request_id LIMIT $4`,
};

type Row = [
  userId: string,
  requestId: string,
  method: string,
  caller: string,
  code: number,
  reason: string,
  outcome: Buffer | null,
  transactionId: string | null,
];

/** At most `limit` requests after a key whose scopes come up to a user, in key order. */
export async function readRequestRange(
  connection: Connection,
  after: RequestKey,
  lastUserId: string,
  limit: number,
): Promise<StoredRequest[]> {
  const values = [after.userId, after.requestId, lastUserId, limit];
  const rows = await query<Row>(connection, readRequestRangeStatement, values);
  return rows.map(([userId, requestId, method, caller, code, reason, outcome, transactionId]) => ({
    ...{ userId, requestId, method, caller, code, reason, outcome, transactionId },
  }));
}
