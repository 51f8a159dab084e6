import type { QueryArrayConfig } from 'pg';
import type { QueryRunner } from 'typeorm';
import { rowTypes } from '@ledger/kit/postgres/row-types';
import { asConnectionError } from '@ledger/kit/postgres/sql-state';

/** What a statement needs of a pg client; the raw client under a TypeORM QueryRunner is one. */
export interface Connection {
  query(config: QueryArrayConfig<unknown[]>): Promise<{ rows: unknown[][] }>;
}

/** One SQL statement. The name makes it a prepared one: planned once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs a statement; rows come as tuples in the order of its columns, int8 as bigint. */
export async function query<Row extends readonly unknown[]>(
  connection: Connection,
  statement: Statement,
  values: unknown[],
): Promise<Row[]> {
  const result = await connection.query({ ...statement, values, rowMode: 'array', types: rowTypes });
  // The statement's text fixes its columns; each call names their types beside it.
  return result.rows as unknown as Row[];
}

/** Runs a statement for what it does. Values that cannot be sent throw at once: nothing may be sent behind them. */
export function execute(connection: Connection, statement: Statement, values: unknown[]): Promise<void> {
  const done = connection
    .query({ ...statement, values, rowMode: 'array', types: rowTypes })
    .then(() => undefined);
  // The caller awaits this promise, unless a later statement of the same group could not be made.
  done.catch(() => undefined);
  return done;
}

/** The pg client under a runner: prepared statements and pipelining are not in TypeORM's own surface. */
export async function connectionOf(runner: QueryRunner): Promise<Connection> {
  try {
    return (await runner.connect()) as Connection;
  } catch (error) {
    throw asConnectionError(error);
  }
}
