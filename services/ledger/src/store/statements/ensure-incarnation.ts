import type { WritingIncarnation } from '../incarnation';
import { query, type Connection } from '../pg/connection';
import { inCell } from '../pg/in-cell';

/** The ledger has commit orders that its cluster has not reached. The message says what to do. */
export class LedgerAheadOfCluster extends Error {
  override readonly name = 'LedgerAheadOfCluster';
}

// All of these may be read by everybody. The timeline is that of the WAL being written: the control file knows of a
// promotion only after the next checkpoint.
const identity = `
  SELECT (SELECT c.system_identifier FROM pg_control_system() c) AS system_identifier,
         ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline,
         pg_postmaster_start_time() AS postmaster_start_time`;

const state = `
  SELECT coalesce((SELECT t.commit_order FROM ledger.transactions t ORDER BY t.commit_order DESC LIMIT 1), 0) AS newest,
         pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_xid`;

const NEWEST = `(SELECT * FROM ledger.incarnations i ORDER BY i.incarnation DESC LIMIT 1)`;

const readIncarnationStatement = {
  name: 'read_incarnation',
  text: `
    SELECT n.incarnation, n.nonce, n.start_order, n.xid_offset, s.newest >= s.next_xid + n.xid_offset, s.newest
      FROM (${identity}) own
     CROSS JOIN (${state}) s
      JOIN ${NEWEST} n
        ON n.system_identifier = own.system_identifier AND n.timeline = own.timeline
       AND n.postmaster_start_time = own.postmaster_start_time`,
};

// The offset never falls, and puts the next xid behind every commit order that is there. Where another server has begun
// this incarnation since it was looked for, there is nothing to insert.
const insertIncarnationStatement = {
  name: 'insert_incarnation',
  text: `
    INSERT INTO ledger.incarnations
      (incarnation, system_identifier, timeline, postmaster_start_time, xid_offset, start_order)
    SELECT coalesce(n.incarnation, 0) + 1, own.system_identifier, own.timeline, own.postmaster_start_time,
           greatest(coalesce(n.xid_offset, 0), s.newest + 1 - s.next_xid), s.newest
      FROM (${identity}) own
     CROSS JOIN (${state}) s
      LEFT JOIN ${NEWEST} n ON true
     WHERE (n.system_identifier, n.timeline, n.postmaster_start_time) IS DISTINCT FROM
           (own.system_identifier, own.timeline, own.postmaster_start_time)
        ON CONFLICT DO NOTHING`,
};

type Row = [
  ordinal: number,
  nonce: string,
  startOrder: bigint,
  xidOffset: bigint,
  isAhead: boolean,
  newest: bigint,
];

const ofConnections = new WeakMap<Connection, WritingIncarnation>();

/** The incarnations of cells; see incarnationOf. */
export async function incarnationsOf(
  connection: Connection,
  cells: readonly number[],
): Promise<ReadonlyMap<number, WritingIncarnation>> {
  const found = new Map<number, WritingIncarnation>();
  for (const cell of cells) found.set(cell, await incarnationOf(inCell(connection, cell)));
  return found;
}

/** The incarnation of the Postgres that a connection leads to; looked up once for each connection. */
async function incarnationOf(connection: Connection): Promise<WritingIncarnation> {
  let incarnation = ofConnections.get(connection);
  if (incarnation === undefined) {
    incarnation = await ensureIncarnation(connection);
    ofConnections.set(connection, incarnation);
  }
  return incarnation;
}

/**
 * The incarnation of the Postgres that a connection leads to; it is made where there is none yet. No batch of an older
 * one can still be running then: it ended with its Postgres.
 *
 * @throws LedgerAheadOfCluster when rows came from elsewhere under a running Postgres, so that new commit orders would
 *   lie among those that were read already
 */
async function ensureIncarnation(connection: Connection): Promise<WritingIncarnation> {
  for (;;) {
    const [row] = await query<Row>(connection, readIncarnationStatement, []);
    if (row === undefined) {
      // Of several servers one is first; the others find its row.
      await query(connection, insertIncarnationStatement, []);
      continue;
    }
    const [ordinal, nonce, startOrder, xidOffset, isAhead, newest] = row;
    if (!isAhead) return { ordinal, nonce, startOrder, xidOffset };
    throw new LedgerAheadOfCluster(
      `the ledger has commit order ${newest}, which the transaction ids of its cluster have not reached: rows were ` +
        'restored while this Postgres ran. Nothing is written until Postgres is restarted, which begins a new incarnation',
    );
  }
}
