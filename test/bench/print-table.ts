/** Prints rows in columns, numbers to the right. */
export function printTable(
  rows: readonly Readonly<Record<string, string | number>>[],
  columns: readonly string[] = Object.keys(rows[0] ?? {}),
): void {
  const text = (row: Readonly<Record<string, string | number>>, column: string): string =>
    String(row[column] ?? '');
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => text(row, column).length)),
  );
  const isNumber = columns.map((column) =>
    rows.every((row) => /^[-\d.]*( - [\d.]+)?$/.test(text(row, column))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        isNumber[index] === true ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  console.log(line(columns));
  console.log(widths.map((width) => '-'.repeat(width)).join('  '));
  for (const row of rows) console.log(line(columns.map((column) => text(row, column))));
}
