import type { MigrationInterface, QueryRunner } from 'typeorm';
import { schemaOf } from '../cells';
import { accountsTable } from './tables/accounts';
import { appendOnly } from './tables/append-only';
import { cellsTables } from './tables/cells';
import { entriesTable } from './tables/entries';
import { holdsTable } from './tables/holds';
import { incarnationsTable } from './tables/incarnations';
import { itemVersionsTable } from './tables/item-versions';
import { requestsTable } from './tables/requests';
import { runtimeRights, runtimeRole } from './tables/runtime-role';
import { serverKeysTable } from './tables/server-keys';
import { timeStepsTable } from './tables/time-steps';

/** What every cell of a ledger has, in the order in which it is made; as it stands here, in cell 0. */
export const cellStatements: readonly string[] = [
  ...accountsTable,
  ...entriesTable,
  ...requestsTable,
  ...itemVersionsTable,
  ...holdsTable,
  ...timeStepsTable,
  ...incarnationsTable,
  ...appendOnly,
  ...runtimeRights,
];

/** The whole schema of a new ledger of one cell. */
const statements: readonly string[] = [...runtimeRole, ...cellStatements, ...serverKeysTable, ...cellsTables];

/** Makes it. */
export class CreateLedger1764000000000 implements MigrationInterface {
  readonly name = 'CreateLedger1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of statements) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    const cells = (await runner.query('SELECT cell FROM ledger.cells WHERE cell > 0')) as { cell: number }[];
    for (const { cell } of cells) await runner.query(`DROP SCHEMA ${schemaOf(cell)} CASCADE`);
    // The role stays: other databases of the cluster may use it. The schema stays too: it holds the list of migrations.
    await runner.query('DROP VIEW ledger.transactions');
    for (const table of [
      'buckets',
      'cells',
      'server_keys',
      'incarnations',
      'time_steps',
      'holds',
      'item_versions',
      'requests',
      'entries',
      'accounts',
    ]) {
      await runner.query(`DROP TABLE ledger.${table}`);
    }
    await runner.query('DROP FUNCTION ledger.refuse_rewriting()');
    await runner.query('REVOKE USAGE ON SCHEMA ledger FROM ledger_runtime');
  }
}
