import { STRIPES_PER_CELL } from '../../ledger/placement';
import { query, type Connection } from '../pg/connection';

/** Class of the advisory locks that say which stripes are in use. */
const STRIPE_LOCK_CLASS = 0x1ed6e2;

const claimSlotStatement = {
  name: 'claim_slot',
  text: `
    SELECT s FROM generate_series(0, $1::int - 1) s
     WHERE pg_try_advisory_lock(${STRIPE_LOCK_CLASS}, ${STRIPES_PER_CELL} * $2::int + s) LIMIT 1`,
};

/**
 * Takes the lowest stripe of a cell that no live connection uses, for as long as this connection lives. null: all are
 * taken. Two writers on one stripe would only wait for each other's row lock; so this is for speed, not for safety.
 *
 * @returns its number within the cell
 */
export async function claimSlot(
  connection: Connection,
  stripes: number,
  cell: number,
): Promise<number | null> {
  const rows = await query<[number]>(connection, claimSlotStatement, [stripes, cell]);
  return rows[0]?.[0] ?? null;
}
