import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

const findRequestStatement = {
  name: 'find_request',
  text: `
    SELECT r.method, r.caller, r.code, r.reason, r.transaction_id, ${microsOf('r.create_time')}
      FROM ledger.requests r WHERE r.user_id = $1 AND r.request_id = $2`,
};

/** How a request ended. */
export interface RequestOutcome {
  readonly method: string;
  /** The authenticated service that sent it; empty without authentication. */
  readonly caller: string;
  readonly code: number;
  readonly reason: string;
  readonly transactionId: string | null;
  readonly createTime: bigint;
}

/** A finished request, or null. */
export async function findRequest(
  connection: Connection,
  scope: string,
  requestId: string,
): Promise<RequestOutcome | null> {
  const [row] = await query<[string, string, number, string, string | null, bigint]>(
    connection,
    findRequestStatement,
    [scope, requestId],
  );
  if (row === undefined) return null;
  const [method, caller, code, reason, transactionId, createTime] = row;
  return { method, caller, code, reason, transactionId, createTime };
}
