import type { QueryRunner } from 'typeorm';
import { schemaOf, textInCell } from './cells';
import { RUNTIME_ROLE } from './data-source';
import { cellStatements } from './migrations/1764000000000-create-ledger';

/** Makes the cells of a new ledger, which has cell 0, and divides the buckets among them. */
export async function makeCells(runner: QueryRunner, cells: number): Promise<void> {
  if (cells === 1) return;
  for (let cell = 1; cell < cells; cell += 1) await makeCell(runner, cell);
  await runner.query('UPDATE ledger.buckets SET cell = bucket % $1', [cells]);
}

/** Makes a cell, as the owner of the ledger; no bucket lies in it yet. */
async function makeCell(runner: QueryRunner, cell: number): Promise<void> {
  await runner.query(`CREATE SCHEMA ${schemaOf(cell)}`);
  await runner.query(`GRANT USAGE ON SCHEMA ${schemaOf(cell)} TO ${RUNTIME_ROLE}`);
  for (const statement of cellStatements) await runner.query(textInCell(statement, cell));
  await runner.query('INSERT INTO ledger.cells (cell) VALUES ($1)', [cell]);
}
