import type { QueryRunner } from 'typeorm';

/** Runs the work while no other server migrates under the same key, so that servers which start at once migrate once. */
export async function withMigrationLock<T>(
  runner: QueryRunner,
  key: number,
  work: () => Promise<T>,
): Promise<T> {
  await runner.query(`SELECT pg_advisory_lock(${key})`);
  try {
    return await work();
  } finally {
    await runner.query(`SELECT pg_advisory_unlock(${key})`);
  }
}
