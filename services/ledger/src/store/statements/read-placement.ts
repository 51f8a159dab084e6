import { Placement } from '../../ledger/placement';
import { query, type Connection } from '../pg/connection';

const readPlacementStatement = {
  name: 'read_placement',
  text: `
    SELECT ARRAY(SELECT c.cell FROM ledger.cells c ORDER BY c.cell),
           ARRAY(SELECT b.cell FROM ledger.buckets b ORDER BY b.bucket)`,
};

/** Which cells the ledger has, and where its buckets lie. */
export async function readPlacement(connection: Connection): Promise<Placement> {
  const [row] = await query<[number[], number[]]>(connection, readPlacementStatement, []);
  if (row === undefined) throw new Error('the statement for the cells gave no row');
  return new Placement(...row);
}
