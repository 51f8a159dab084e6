import { query, type Connection } from '../pg/connection';

const fixPlansStatement = {
  name: 'fix_plans',
  text: `
    SELECT set_config('plan_cache_mode', 'force_generic_plan', false)
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'citus')`,
};

/**
 * Asks for plans that do not depend on the values, for as long as the session lasts. Citus plans an insert into a table
 * that it distributes by the values, and refuses any other plan: where it is installed, nothing is asked for.
 */
export async function fixPlans(connection: Connection): Promise<void> {
  await query(connection, fixPlansStatement, []);
}
