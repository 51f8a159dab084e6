import { texts } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';

const findBookedStatement = {
  name: 'find_booked',
  text: `
    SELECT k.index::int, octet_length(r.outcome)
      FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (user_id, request_id, index)
      JOIN ledger.requests r ON r.user_id = k.user_id AND r.request_id = k.request_id`,
};

/** Those of the requests that are finished, by their index: the size of each stored outcome in bytes, without reading it. */
export async function findBooked(
  connection: Connection,
  keys: readonly { readonly scope: string; readonly requestId: string }[],
): Promise<Map<number, number>> {
  const rows = await query<[index: number, bytes: number]>(connection, findBookedStatement, [
    texts(keys, (key) => key.scope),
    texts(keys, (key) => key.requestId),
  ]);
  return new Map(rows.map(([index, bytes]) => [index - 1, bytes]));
}
