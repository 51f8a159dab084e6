import type { QueryArrayConfig } from 'pg';
import { schemaOf, textInCell } from '../cells';
import type { Connection, Statement } from './connection';

/** The statements of each cell, by their names in cell 0. */
const statements = new Map<number, Map<string, Statement>>();

/** The cells of each connection. */
const cells = new WeakMap<Connection, Map<number, Connection>>();

/**
 * A connection whose statements are those of a cell: they are written for cell 0, which is the connection itself, and
 * have a name for each cell, since they are prepared.
 */
export function inCell(connection: Connection, cell: number): Connection {
  if (cell === 0) return connection;
  let ofConnection = cells.get(connection);
  if (ofConnection === undefined) cells.set(connection, (ofConnection = new Map<number, Connection>()));
  let own = ofConnection.get(cell);
  if (own === undefined) {
    own = { query: (config) => connection.query({ ...config, ...statementIn(cell, config) }) };
    ofConnection.set(cell, own);
  }
  return own;
}

function statementIn(cell: number, { name, text }: QueryArrayConfig<unknown[]>): Statement {
  if (name === undefined) throw new TypeError('a statement of a cell has a name');
  let ofCell = statements.get(cell);
  if (ofCell === undefined) statements.set(cell, (ofCell = new Map<string, Statement>()));
  let own = ofCell.get(name);
  if (own === undefined) {
    own = { name: `${name}_${schemaOf(cell)}`, text: textInCell(text, cell) };
    ofCell.set(name, own);
  }
  return own;
}
