import type { MigrationInterface, QueryRunner } from 'typeorm';

const WRITTEN_ONCE = ['transactions', 'entries', 'requests', 'item_versions'];
const NEVER_DELETED = ['accounts', 'holds'];

/**
 * Append-only by the database. ENABLE ALWAYS: also for a session with `session_replication_role = replica`. It
 * guards against mistakes and against the runtime role; the tables' owner can still drop a trigger, which the hash
 * chain then shows.
 */
export class RefuseRewriting1763600000007 implements MigrationInterface {
  readonly name = 'RefuseRewriting1763600000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION ledger.refuse_rewriting() RETURNS trigger
        LANGUAGE plpgsql SET search_path = pg_catalog AS $$
      BEGIN
        RAISE EXCEPTION '% of ledger.% is refused: what was booked is never changed or deleted', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of WRITTEN_ONCE) await refuse(runner, table, 'UPDATE OR DELETE');
    for (const table of NEVER_DELETED) await refuse(runner, table, 'DELETE');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [...WRITTEN_ONCE, ...NEVER_DELETED]) {
      await runner.query(`DROP TRIGGER ${table}_refuse_rewriting ON ledger.${table}`);
      await runner.query(`DROP TRIGGER ${table}_refuse_truncate ON ledger.${table}`);
    }
    await runner.query('DROP FUNCTION ledger.refuse_rewriting()');
  }
}

async function refuse(runner: QueryRunner, table: string, operations: string): Promise<void> {
  await runner.query(`
    CREATE TRIGGER ${table}_refuse_rewriting BEFORE ${operations} ON ledger.${table}
      FOR EACH ROW EXECUTE FUNCTION ledger.refuse_rewriting()`);
  await runner.query(`
    CREATE TRIGGER ${table}_refuse_truncate BEFORE TRUNCATE ON ledger.${table}
      FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_rewriting()`);
  await runner.query(`ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER ${table}_refuse_rewriting`);
  await runner.query(`ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER ${table}_refuse_truncate`);
}
