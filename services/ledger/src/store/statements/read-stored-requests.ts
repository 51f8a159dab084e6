import { query, type Connection } from '../pg/connection';
import {
  storedTransactionOf,
  transactionColumns,
  type StoredTransaction,
  type TransactionRow,
} from './read-stored-transactions';

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
  /** What it booked. */
  readonly transaction: StoredTransaction | null;
}

/** Names a request row. */
export interface RequestKey {
  readonly userId: string;
  readonly requestId: string;
}

const readRequestRangeStatement = {
  name: 'read_request_range',
  text: `
    SELECT t.user_id, t.request_id, t.method, t.caller, t.code, t.reason,
           CASE WHEN t.method <> 'BatchWrite' OR t.code <> 0 THEN t.outcome END, t.transaction_id IS NOT NULL,
           ${transactionColumns}
      FROM ledger.requests t
     WHERE (t.user_id, t.request_id) > ($1, $2) AND t.user_id <= $3
     ORDER BY t.user_id, t.request_id LIMIT $4`,
};

type Row = [
  userId: string,
  requestId: string,
  method: string,
  caller: string,
  code: number,
  reason: string,
  outcome: Buffer | null,
  booked: boolean,
  ...transaction: TransactionRow,
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
  return rows.map(([userId, requestId, method, caller, code, reason, outcome, booked, ...columns]) => ({
    ...{ userId, requestId, method, caller, code, reason, outcome },
    transaction: booked ? storedTransactionOf(columns) : null,
  }));
}
