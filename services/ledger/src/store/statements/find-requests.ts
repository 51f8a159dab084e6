import type { StoredResponse } from '../../ledger/stored-response';
import { MARKED_CLOCK } from '../clock-mark';
import { texts } from '../pg/binary-columns';
import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

const findRequestsStatement = {
  name: 'find_requests',
  // The clock comes along: a statement of its own is a tenth of what a lone write waits for. It is read once, behind
  // its mark, and pg_current_xact_id gives the transaction its xid if the locks did not yet.
  text: `
    SELECT c.now, c.xid, r.user_id, r.request_id, r.content_hash, r.code, r.reason, r.outcome
      FROM (SELECT ${microsOf('m.now')} AS now, pg_current_xact_id()::text::bigint AS xid
              FROM (SELECT ${MARKED_CLOCK} AS now) m) c
      LEFT JOIN (unnest($1::text[], $2::text[]) AS k (user_id, request_id)
                 JOIN ledger.requests r ON r.user_id = k.user_id AND r.request_id = k.request_id) ON true`,
};

/** A finished request, as far as its repeat needs it. */
export interface FinishedRequest extends StoredResponse {
  readonly scope: string;
  readonly requestId: string;
  readonly contentHash: Buffer;
}

/** What the database knows once the locks are held. */
export interface FoundRequests {
  /** Its clock, in microseconds since 1970. */
  readonly now: bigint;
  /** The id of this transaction. */
  readonly xid: bigint;
  /** Those of the requests that are finished, by any server. */
  readonly finished: readonly FinishedRequest[];
}

type Clock = [now: bigint, xid: bigint];
type Row =
  [...Clock, string, string, Buffer, number, string, Buffer] | [...Clock, null, null, null, null, null, null];

/** Finds those of the requests that are finished, and reads the clock. */
export async function findRequests(
  connection: Connection,
  keys: readonly { scope: string; requestId: string }[],
): Promise<FoundRequests> {
  const rows = await query<Row>(connection, findRequestsStatement, [
    texts(keys, (key) => key.scope),
    texts(keys, (key) => key.requestId),
  ]);
  const [first] = rows;
  if (first === undefined) throw new Error('the clock gave no row');
  const finished: FinishedRequest[] = [];
  for (const [, , scope, requestId, contentHash, code, reason, bytes] of rows) {
    if (scope !== null) finished.push({ scope, requestId, contentHash, code, reason, bytes });
  }
  return { now: first[0], xid: first[1], finished };
}
