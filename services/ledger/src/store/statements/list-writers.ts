import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

const readTimeStatement = { name: 'read_time', text: `SELECT ${microsOf('clock_timestamp()')}` };

/** The database's clock in microseconds since 1970, for reads. */
export async function readTime(connection: Connection): Promise<bigint> {
  const [row] = await query<[bigint]>(connection, readTimeStatement, []);
  if (row === undefined) throw new Error('the clock statement gave no row');
  return row[0];
}

// A batch locks accounts FOR UPDATE, new ones among them or not, before it reads the clock, and keeps the lock of the
// table until it has committed. Its xid would not do: it may be given one only after it read the clock.
const listWritersStatement = {
  name: 'list_writers',
  text: `
    SELECT DISTINCT l.virtualtransaction FROM pg_catalog.pg_locks l
     WHERE l.locktype = 'relation' AND l.relation = 'ledger.accounts'::regclass AND l.granted
       AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
       AND l.mode IN ('RowShareLock', 'RowExclusiveLock')`,
};

/** The database transactions that may be booking right now. */
export async function listWriters(connection: Connection): Promise<Set<string>> {
  const rows = await query<[string]>(connection, listWritersStatement, []);
  return new Set(rows.map(([id]) => id));
}
