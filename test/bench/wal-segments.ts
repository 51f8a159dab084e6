import type { Client } from 'pg';

const SEGMENT_BYTES = 16 * 1024 * 1024;

/**
 * Has Postgres make segments of its WAL beforehand. A new one fills each segment with zeros when it is first needed,
 * and whoever commits waits meanwhile, some 50 ms every second; one that has been at work for a while uses its old
 * segments again, and so it is here.
 */
export async function makeSegments(admin: Client, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) {
    // Without a record in it a segment is not left.
    await admin.query(`SELECT pg_logical_emit_message(false, 'bench', 'next')`);
    await admin.query('SELECT pg_switch_wal()');
  }
  // Renames what is behind it to what comes.
  await admin.query('CHECKPOINT');
}

/** How many segments have been begun since the first. */
export async function segmentsBegun(admin: Client): Promise<number> {
  return Math.ceil((await walBytes(admin)) / SEGMENT_BYTES);
}

/** How much WAL was written since the cluster was made. */
export async function walBytes(admin: Client): Promise<number> {
  const { rows } = await admin.query<{ bytes: string }>(
    `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS bytes`,
  );
  return Number(rows[0]?.bytes ?? 0);
}
