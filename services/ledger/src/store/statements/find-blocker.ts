import { query, type Connection } from '../pg/connection';

/** The transaction that holds back the streams of entries. */
export interface Blocker {
  /** Null for a prepared transaction. */
  readonly pid: number | null;
  readonly application: string;
  readonly database: string;
  /** Of the session: `idle in transaction` and the like. Null: hidden from the server's role. */
  readonly state: string | null;
  /** When its transaction began, as text of the database. Null: hidden. */
  readonly since: string | null;
}

// The lowest xid that runs is the xmin of every snapshot. Everybody may see which session has it; what the session is
// doing only roles with pg_read_all_stats, or of the same login.
const findBlockerStatement = {
  name: 'find_blocker',
  text: `
    WITH x AS (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin)
    SELECT a.pid, coalesce(a.application_name, ''), coalesce(a.datname, ''), a.state, a.xact_start::text
      FROM x JOIN pg_catalog.pg_stat_activity a ON a.backend_xid::text::bigint = x.xmin & 4294967295
    UNION ALL
    SELECT NULL, 'prepared transaction ' || p.gid, coalesce(p.database, ''), 'prepared', p.prepared::text
      FROM x JOIN pg_catalog.pg_prepared_xacts p ON p.transaction::text::bigint = x.xmin & 4294967295`,
};

/** Who holds the streams back; null: nobody does any more. */
export async function findBlocker(connection: Connection): Promise<Blocker | null> {
  type Row = [number | null, string, string, string | null, string | null];
  const [row] = await query<Row>(connection, findBlockerStatement, []);
  if (row === undefined) return null;
  const [pid, application, database, state, since] = row;
  return { pid, application, database, state, since };
}
