import { SETTLED } from '../clock-mark';
import { query, type Connection } from '../pg/connection';

/** How far the past is settled; times are microseconds since 1970. */
export interface Settled {
  /** The clock of the database. */
  readonly clock: bigint;
  /** Nothing that is not committed yet can be dated before it; a later statement sees all that is. */
  readonly before: bigint;
}

const readSettledStatement = { name: 'read_settled', text: SETTLED };

/** Reads the clock and the marks. What rests on them is read by a later statement. */
export async function readSettled(connection: Connection): Promise<Settled> {
  const [row] = await query<[bigint, bigint]>(connection, readSettledStatement, []);
  if (row === undefined) throw new Error('the statement for the settled time gave no row');
  return { clock: row[0], before: row[1] };
}
