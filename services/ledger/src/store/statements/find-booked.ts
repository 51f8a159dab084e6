import type { Placement } from '../../ledger/placement';
import { integers, texts } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';
import { inCell } from '../pg/in-cell';

const findBookedStatement = {
  name: 'find_booked',
  text: `
    SELECT k.index, octet_length(r.outcome)
      FROM unnest($1::text[], $2::text[], $3::int[]) AS k (user_id, request_id, index)
      JOIN ledger.requests r ON r.user_id = k.user_id AND r.request_id = k.request_id`,
};

/** Names a request. */
interface RequestKey {
  readonly scope: string;
  readonly requestId: string;
}

/** Those of the requests that are finished, by their index: the size of each stored outcome in bytes, without reading it. */
export async function findBooked(
  connection: Connection,
  placement: Placement,
  keys: readonly RequestKey[],
): Promise<Map<number, number>> {
  const places = keys.map((key, index) => ({ key, index }));
  const cells = placement.byCell(places, ({ key }) => placement.ofRequest(key.scope, key.requestId));
  const found = await Promise.all(
    cells.map(([cell, own]) =>
      query<[index: number, bytes: number]>(inCell(connection, cell), findBookedStatement, [
        texts(own, ({ key }) => key.scope),
        texts(own, ({ key }) => key.requestId),
        integers(own, ({ index }) => index),
      ]),
    ),
  );
  return new Map(found.flat());
}
