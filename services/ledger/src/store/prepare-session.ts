import type { Connection } from './pg/connection';
import { checkSchema } from './schema-check';
import { fixPlans } from './statements/fix-plans';

/**
 * What each new session of a server begins with.
 *
 * @throws SchemaError
 */
export async function prepareSession(connection: Connection): Promise<void> {
  await fixPlans(connection);
  await checkSchema(connection);
}
