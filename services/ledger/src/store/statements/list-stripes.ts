import { query, type Connection } from '../pg/connection';

const listStripesStatement = {
  name: 'list_stripes',
  text: `SELECT stripe, sequence FROM ledger.accounts WHERE user_id = $1 AND asset = $2 ORDER BY stripe`,
};

/** The stripes that an account has, each with its last sequence; none when it was never written. */
export async function listStripes(
  connection: Connection,
  userId: string,
  asset: string,
): Promise<{ stripe: number; sequence: bigint }[]> {
  const rows = await query<[number, bigint]>(connection, listStripesStatement, [userId, asset]);
  return rows.map(([stripe, sequence]) => ({ stripe, sequence }));
}
