import { query, type Connection } from '../pg/connection';

/** Class of the advisory locks that say which stripes are in use. */
const STRIPE_LOCK_CLASS = 0x1ed6e2;

const claimStripeStatement = {
  name: 'claim_stripe',
  text: `
    SELECT s FROM generate_series(0, $1::int - 1) s WHERE pg_try_advisory_lock(${STRIPE_LOCK_CLASS}, s) LIMIT 1`,
};

/**
 * Takes the lowest stripe that no live connection uses, for as long as this connection lives. null: all are taken.
 * Two writers on one stripe would only wait for each other's row lock; so this is for speed, not for safety.
 */
export async function claimStripe(connection: Connection, stripes: number): Promise<number | null> {
  const rows = await query<[number]>(connection, claimStripeStatement, [stripes]);
  return rows[0]?.[0] ?? null;
}
