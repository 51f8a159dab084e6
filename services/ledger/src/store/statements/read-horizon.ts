import { NEWEST_INCARNATION, type Incarnation } from '../incarnation';
import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';
import { HORIZON } from '../watch-page';

/** How far streams of entries may read. */
export interface Horizon {
  /** What is below it, in commit order, is final. */
  readonly horizon: bigint;
  /** The incarnation that writes now. */
  readonly incarnation: Incarnation;
  /** How long ago the first transaction was booked that no stream may show yet, in microseconds; 0: there is none. */
  readonly lag: bigint;
}

const readHorizonStatement = {
  name: 'read_horizon',
  text: `
    SELECT h.horizon, n.incarnation, n.nonce, n.start_order,
           coalesce((SELECT greatest(${microsOf('clock_timestamp()')} - ${microsOf('t.create_time')}, 1)
                       FROM ledger.transactions t WHERE t.commit_order >= h.horizon
                      ORDER BY t.commit_order LIMIT 1), 0)
      FROM (SELECT ${HORIZON} AS horizon) h
      JOIN ${NEWEST_INCARNATION} n ON true`,
};

type Row = [horizon: bigint, ordinal: number, nonce: string, startOrder: bigint, lag: bigint];

/** Reads it in one snapshot. */
export async function readHorizon(connection: Connection): Promise<Horizon> {
  const [row] = await query<Row>(connection, readHorizonStatement, []);
  if (row === undefined) throw new Error('the ledger has no incarnation: no server has written to it yet');
  const [horizon, ordinal, nonce, startOrder, lag] = row;
  return { horizon, incarnation: { ordinal, nonce, startOrder }, lag };
}
