/** The schema of cell 0, in which the ledger as a whole keeps what it has once. */
export const SCHEMA = 'ledger';

/** The schema of a cell: `ledger` for cell 0, `ledger_n` for cell n. */
export function schemaOf(cell: number): string {
  return cell === 0 ? SCHEMA : `${SCHEMA}_${cell}`;
}

/** SQL for the name of the schema of a cell, from SQL for its number. */
export function schemaName(cell: string): string {
  return `CASE ${cell} WHEN 0 THEN '${SCHEMA}' ELSE '${SCHEMA}_' || ${cell} END`;
}

/** A statement that is written for cell 0, with `ledger.` before its tables, for another cell. */
export function textInCell(text: string, cell: number): string {
  return cell === 0 ? text : text.replaceAll(`${SCHEMA}.`, `${schemaOf(cell)}.`);
}
