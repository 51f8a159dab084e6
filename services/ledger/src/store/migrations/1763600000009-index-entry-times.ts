import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Finds the entry of a time. Time never runs backwards along a sequence, so every 64th entry is enough: the index
 * gives the last of them before the time, and at most 64 entries along the primary key give the exact one. A sixty-
 * fourth of the cost of a whole index on every write, and a constant number of pages however long the account.
 */
export class IndexEntryTimes1763600000009 implements MigrationInterface {
  readonly name = 'IndexEntryTimes1763600000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX entries_time_index ON ledger.entries (user_id, asset, stripe, create_time, sequence)
       WHERE sequence % 64 = 0`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX ledger.entries_time_index');
  }
}
