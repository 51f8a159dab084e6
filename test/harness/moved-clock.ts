import type { TestDatabase } from './test-database';

/** The clock of one database, which a test may move. */
export interface MovedClock {
  /** From now on it is so far ahead of the real one; negative: behind. */
  setAhead(milliseconds: number): Promise<void>;
}

/**
 * Puts a clock in front of Postgres's own, for the sessions of a database that begin from now on: a schema that is
 * searched before pg_catalog has a function of the same name.
 */
export async function moveClock(database: TestDatabase): Promise<MovedClock> {
  await database.query('CREATE SCHEMA moved');
  await database.query('CREATE TABLE moved.clock AS SELECT 0::bigint AS ahead');
  await database.query(
    `CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
     $$ SELECT pg_catalog.clock_timestamp() + ahead * interval '1 millisecond' FROM moved.clock $$`,
  );
  await database.query('GRANT USAGE ON SCHEMA moved TO PUBLIC');
  await database.query('GRANT SELECT ON moved.clock TO PUBLIC');
  const name = new URL(database.url).pathname.slice(1);
  await database.query(`ALTER DATABASE ${name} SET search_path = moved, pg_catalog, public`);
  return {
    setAhead: async (milliseconds) => {
      await database.query('UPDATE moved.clock SET ahead = $1', [milliseconds]);
    },
  };
}
