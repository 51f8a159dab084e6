import type { QueryRunner } from 'typeorm';

/**
 * Runs the work while no other server migrates under the same key, so that servers which start at once migrate once.
 *
 * @throws what the work throws, also where that ended the session, and with it the lock
 */
export async function withMigrationLock<T>(
  runner: QueryRunner,
  key: number,
  work: () => Promise<T>,
): Promise<T> {
  const unlock = (): Promise<unknown> => runner.query(`SELECT pg_advisory_unlock(${key})`);
  await runner.query(`SELECT pg_advisory_lock(${key})`);
  const result = await work().catch(async (error: unknown) => {
    await unlock().catch(() => undefined);
    throw error;
  });
  await unlock();
  return result;
}
