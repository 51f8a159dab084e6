import { query, type Connection } from '../pg/connection';
import { HORIZON } from '../watch-page';

/** How far the ledger's order and the cluster's transaction ids have come. */
export interface Horizon {
  /** What is below it is final. */
  readonly horizon: bigint;
  /** The next transaction id of the cluster; no commit order has reached it. */
  readonly nextXid: bigint;
  /** The highest commit order; 0 in an empty ledger. */
  readonly newest: bigint;
}

const readHorizonStatement = {
  name: 'read_horizon',
  text: `
    SELECT ${HORIZON}, pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
           coalesce((SELECT t.commit_order FROM ledger.transactions t ORDER BY t.commit_order DESC LIMIT 1), 0)`,
};

/** Reads all three in one snapshot. */
export async function readHorizon(connection: Connection): Promise<Horizon> {
  const [row] = await query<[bigint, bigint, bigint]>(connection, readHorizonStatement, []);
  if (row === undefined) throw new Error('the horizon statement gave no row');
  const [horizon, nextXid, newest] = row;
  return { horizon, nextXid, newest };
}
