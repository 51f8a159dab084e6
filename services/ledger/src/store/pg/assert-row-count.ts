/**
 * SQL that follows an UPDATE in a CTE of the name `updated`: fails unless the UPDATE wrote a row for each key. COMMIT
 * travels behind the writes, so the statement itself has to check this.
 *
 * @param keys one of the parameters that are columns of the keys, with its type
 */
export function assertRowCount(keys: string): string {
  const count = `cardinality(${keys})`;
  return `
    SELECT CASE WHEN count(*) = ${count} THEN 0
                ELSE (count(*) || ' of ' || ${count} || ' rows were there to be updated')::int END
      FROM updated`;
}
