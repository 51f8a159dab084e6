import { microsOf } from './pg/column-values';

/**
 * How a read knows which times are settled: those before which nothing that is not committed yet can be dated.
 *
 * A batch takes a shared advisory lock right before it reads the clock, and keeps it until it has committed; the key is
 * the time. Nothing that the batch writes is dated before it. A read takes the clock first, then looks at these marks,
 * and reads its data by a later statement. A batch that it does not see there has either committed, and the later
 * snapshot sees it, or it is still to read its clock, later than the read did.
 *
 * Why locks: everybody may see them in pg_locks, whereas the beginnings of other sessions' transactions in
 * pg_stat_activity need the same login or pg_read_all_stats. They are given back after the commit is visible, and by a
 * server that dies. And a batch that waits for a row has no mark yet, so it keeps nobody waiting.
 */

/** Class of the advisory locks that are marks. */
export const MARK_CLASS = 0x1ed6e3;

/** SQL for the clock of the database, marked. The mark comes first: the clock is read for whoever got it. */
export const MARKED_CLOCK = `
  CASE WHEN pg_try_advisory_xact_lock_shared(
              ${MARK_CLASS}, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint::bit(32)::int)
       THEN clock_timestamp() END`;

/**
 * SELECT of the clock and of the time before which everything is settled, both in microseconds since 1970. A key has
 * the last 32 bits of the milliseconds, which come round after seven weeks; what it is short of the clock, or ahead of
 * it, is the difference in 32 bits. LATERAL, and the use of the clock in it, make the database read the clock first.
 */
export const SETTLED = `
  SELECT c.now, least(c.now, m.earliest)
    FROM (SELECT ${microsOf('clock_timestamp()')} AS now) c
   CROSS JOIN LATERAL (
     SELECT min((c.now / 1000 - (c.now / 1000 - l.objid::bigint)::bit(32)::int) * 1000) AS earliest
       FROM pg_catalog.pg_locks l
      WHERE l.locktype = 'advisory' AND l.objsubid = 2 AND l.classid = ${MARK_CLASS}::oid
        AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
   ) m`;
