import { StartError } from '@ledger/kit/server/start-error';
import { SCHEMA, schemaName } from './cells';
import { RUNTIME_ROLE } from './data-source';
import { cellStatements } from './migrations/1764000000000-create-ledger';
import { query, type Connection } from './pg/connection';

/** The database is not as the servers need it. The message says what to do. */
export class SchemaError extends StartError {
  override readonly name = 'SchemaError';
}

const triggers = namesAfter(/CREATE TRIGGER (\w+)/g);
const indexes = namesAfter(/CREATE (?:UNIQUE )?INDEX (\w+)/g);

const checkStatement = {
  name: 'check_schema',
  // Citus joins no table that it distributes with a catalog, but reads a CTE before it looks at the catalogs.
  text: `
      WITH l AS MATERIALIZED (SELECT cell FROM ${SCHEMA}.cells)
    SELECT n.nspname::text, current_user::text,
           u.rolsuper OR pg_has_role(u.oid, n.nspowner, 'MEMBER'),
           ARRAY(SELECT name FROM unnest($1::text[]) AS name
                  WHERE NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
                                     WHERE c.relnamespace = n.oid AND t.tgname = name AND t.tgenabled = 'A')),
           ARRAY(SELECT name FROM unnest($2::text[]) AS name
                  WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                                     WHERE c.relnamespace = n.oid AND c.relname = name AND i.indisvalid)),
           has_table_privilege(e.oid, 'UPDATE') OR has_table_privilege(e.oid, 'DELETE')
             OR has_table_privilege(e.oid, 'TRUNCATE'),
           has_table_privilege(e.oid, 'INSERT')
      FROM l
      JOIN pg_roles u ON u.rolname = current_user
      LEFT JOIN pg_namespace n ON n.nspname = ${schemaName('l.cell')}
      LEFT JOIN pg_class e ON e.relnamespace = n.oid AND e.relname = 'entries'
     ORDER BY l.cell`,
};

type Row = [
  schema: string | null,
  user: string,
  isStrong: boolean,
  missingTriggers: string[],
  missingIndexes: string[],
  mayRewrite: boolean,
  mayInsert: boolean,
];

/**
 * Checks on a new connection, for every cell, that it works with the rights of the runtime role and no more, that the
 * triggers which keep what was booked are in force, and that every index can be used.
 *
 * @throws SchemaError
 */
export async function checkSchema(connection: Connection): Promise<void> {
  const rows = await query<Row>(connection, checkStatement, [triggers, indexes]);
  if (rows.length === 0) throw new SchemaError(`${SCHEMA}.cells has no row: restore the database`);
  for (const row of rows) checkCell(row);
}

function checkCell([
  schema,
  user,
  isStrong,
  missingTriggers,
  missingIndexes,
  mayRewrite,
  mayInsert,
]: Row): void {
  if (schema === null) {
    throw new SchemaError(`the schema of a cell in ${SCHEMA}.cells is gone: restore the database`);
  }
  if (missingTriggers.length > 0) {
    throw new SchemaError(
      `these triggers of ${schema}, which keep what was booked, are missing or are not ENABLE ALWAYS: ${missingTriggers.join(', ')}. ` +
        'Find out who changed them, verify the ledger, and enable them as its owner: ' +
        `ALTER TABLE ${schema}.… ENABLE ALWAYS TRIGGER …`,
    );
  }
  if (missingIndexes.length > 0) {
    throw new SchemaError(
      `these indexes of ${schema} are missing or not valid: ${missingIndexes.join(', ')}. Make them anew as the owner of the ` +
        `tables, as services/ledger/schema.sql has them (REINDEX, when they are not valid)`,
    );
  }
  if (isStrong || mayRewrite) {
    throw new SchemaError(
      `${user} may change what was booked: take these rights from it (REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} ` +
        `FROM ${user}), it needs none but those of ${RUNTIME_ROLE}`,
    );
  }
  if (!mayInsert) {
    throw new SchemaError(
      `${user} has not the rights of ${RUNTIME_ROLE} on the tables of ${schema}, as after a restore without them: ` +
        'run ledger-server migrate as their owner',
    );
  }
}

function namesAfter(pattern: RegExp): string[] {
  return cellStatements.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
}
