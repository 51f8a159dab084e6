import { StartError } from '@ledger/kit/server/start-error';
import { RUNTIME_ROLE, SCHEMA } from './data-source';
import { statements } from './migrations/1764000000000-create-ledger';
import { query, type Connection } from './pg/connection';

/** The database is not as the servers need it. The message says what to do. */
export class SchemaError extends StartError {
  override readonly name = 'SchemaError';
}

const triggers = namesAfter(/CREATE TRIGGER (\w+)/g);
const indexes = namesAfter(/CREATE (?:UNIQUE )?INDEX (\w+)/g);

const checkStatement = {
  name: 'check_schema',
  text: `
    SELECT current_user::text,
           u.rolsuper OR pg_has_role(u.oid, n.nspowner, 'MEMBER'),
           ARRAY(SELECT name FROM unnest($1::text[]) AS name
                  WHERE NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                                     WHERE c.relnamespace = n.oid AND t.tgname = name AND t.tgenabled = 'A')),
           ARRAY(SELECT name FROM unnest($2::text[]) AS name
                  WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                                     WHERE c.relnamespace = n.oid AND c.relname = name AND i.indisvalid)),
           has_table_privilege('${SCHEMA}.entries', 'UPDATE') OR has_table_privilege('${SCHEMA}.entries', 'DELETE')
             OR has_table_privilege('${SCHEMA}.entries', 'TRUNCATE'),
           has_table_privilege('${SCHEMA}.entries', 'INSERT')
      FROM pg_roles u JOIN pg_namespace n ON n.nspname = '${SCHEMA}'
     WHERE u.rolname = current_user`,
};

type Row = [
  user: string,
  isStrong: boolean,
  missingTriggers: string[],
  missingIndexes: string[],
  mayRewrite: boolean,
  mayInsert: boolean,
];

/**
 * Checks on a new connection that it works with the rights of the runtime role and no more, that the triggers which keep
 * what was booked are in force, and that every index can be used.
 *
 * @throws SchemaError
 */
export async function checkSchema(connection: Connection): Promise<void> {
  const [row] = await query<Row>(connection, checkStatement, [triggers, indexes]);
  if (row === undefined) throw new SchemaError(`the schema ${SCHEMA} is gone: restore the database`);
  const [user, isStrong, missingTriggers, missingIndexes, mayRewrite, mayInsert] = row;
  if (missingTriggers.length > 0) {
    throw new SchemaError(
      `these triggers, which keep what was booked, are missing or are not ENABLE ALWAYS: ${missingTriggers.join(', ')}. ` +
        'Find out who changed them, verify the ledger, and enable them as its owner: ' +
        `ALTER TABLE ${SCHEMA}.… ENABLE ALWAYS TRIGGER …`,
    );
  }
  if (missingIndexes.length > 0) {
    throw new SchemaError(
      `these indexes are missing or not valid: ${missingIndexes.join(', ')}. Make them anew as the owner of the ` +
        `tables, as services/ledger/schema.sql has them (REINDEX, when they are not valid)`,
    );
  }
  if (isStrong || mayRewrite) {
    throw new SchemaError(
      `${user} may change what was booked: take these rights from it (REVOKE ALL ON ALL TABLES IN SCHEMA ${SCHEMA} ` +
        `FROM ${user}), it needs none but those of ${RUNTIME_ROLE}`,
    );
  }
  if (!mayInsert) {
    throw new SchemaError(
      `${user} has not the rights of ${RUNTIME_ROLE} on the tables of ${SCHEMA}, as after a restore without them: ` +
        'run ledger-server migrate as their owner',
    );
  }
}

function namesAfter(pattern: RegExp): string[] {
  return statements.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}
