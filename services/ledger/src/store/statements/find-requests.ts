import { texts } from '../columns';
import { query, type Connection } from '../connection';

const findRequestsStatement = {
  name: 'find_requests',
  text: `
    SELECT r.user_id, r.request_id, r.content_hash, r.code, r.reason, r.outcome
      FROM unnest($1::text[], $2::text[]) AS k (user_id, request_id)
      JOIN ledger.requests r ON r.user_id = k.user_id AND r.request_id = k.request_id`,
};

/** A finished request, as far as its repeat needs it. */
export interface FinishedRequest {
  readonly scope: string;
  readonly requestId: string;
  readonly contentHash: Buffer;
  /** gRPC status code; 0: the outcome is a response message, a google.rpc.Status otherwise. */
  readonly code: number;
  /** Empty when it succeeded. */
  readonly reason: string;
  readonly outcome: Buffer;
}

/** Those of the requests that are finished, by any server. */
export async function findRequests(
  connection: Connection,
  keys: readonly { scope: string; requestId: string }[],
): Promise<FinishedRequest[]> {
  const rows = await query<[string, string, Buffer, number, string, Buffer]>(
    connection,
    findRequestsStatement,
    [texts(keys, (key) => key.scope), texts(keys, (key) => key.requestId)],
  );
  return rows.map(([scope, requestId, contentHash, code, reason, outcome]) => ({
    scope,
    requestId,
    contentHash,
    code,
    reason,
    outcome,
  }));
}
