import { microsOf, query, type Connection } from '../connection';

const readClockStatement = {
  name: 'read_clock',
  // pg_current_xact_id gives the transaction its xid if the locks did not yet.
  text: `SELECT ${microsOf('clock_timestamp()')}, pg_current_xact_id()::text::bigint`,
};

/** The database's clock in microseconds since 1970, and the xid of this transaction. */
export async function readClock(connection: Connection): Promise<{ now: bigint; commitOrder: bigint }> {
  const rows = await query<[bigint, bigint]>(connection, readClockStatement, []);
  const [row] = rows;
  if (row === undefined) throw new Error('the clock statement gave no row');
  return { now: row[0], commitOrder: row[1] };
}
