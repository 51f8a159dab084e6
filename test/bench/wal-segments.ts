import type { Client } from 'pg';

const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * Makes Postgres create WAL segments beforehand. A new cluster fills each segment with zeros when it is first needed,
 * and commits wait meanwhile, about 50 ms every second. A cluster that has run for a while recycles its old segments
 * instead, and this puts the benchmark into that state.
 */
export async function makeSegments(admin: Client, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    // Postgres switches only away from a segment that has a record in it.
    await admin.query(`SELECT pg_logical_emit_message(false, 'bench', 'next')`);
    await admin.query('SELECT pg_switch_wal()');
  }
  // A checkpoint renames the finished segments to future ones.
  await admin.query('CHECKPOINT');
}

/** How many segments have been started since the cluster was created. */
export async function segmentsBegun(admin: Client): Promise<number> {
  return Math.ceil((await walBytes(admin)) / SEGMENT_BYTES);
}

/** How many bytes of WAL have been written since the cluster was created. */
export async function walBytes(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(
    `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS bytes`,
  );
  return Number(rows[0]?.bytes ?? 0);
}
