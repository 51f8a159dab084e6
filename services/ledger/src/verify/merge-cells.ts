/** How rows of several cells are read in the order of one key. */
export interface MergedPages<Row> {
  readonly cells: readonly number[];
  /** At most `pageSize` rows of a cell after one, in key order; undefined: from the first. */
  readonly page: (cell: number, after: Row | undefined) => Promise<readonly Row[]>;
  readonly pageSize: number;
  readonly compare: (a: Row, b: Row) => number;
  /** Which rows of a cell count; by default all. */
  readonly isOwn?: (row: Row, cell: number) => boolean;
}

/** What was read of a cell and not given yet. */
interface Source<Row> {
  readonly cell: number;
  rows: readonly Row[];
  next: number;
  /** The last row that was read. */
  last: Row | undefined;
  isDone: boolean;
}

/** The rows of all cells in key order, some at a time. Rows of one key come one after the other. */
export async function* mergeCells<Row>({
  cells,
  page,
  pageSize,
  compare,
  isOwn = () => true,
}: MergedPages<Row>): AsyncGenerator<readonly Row[]> {
  const sources = cells.map((cell): Source<Row> => ({
    ...{ cell, rows: [], next: 0, last: undefined, isDone: false },
  }));
  for (;;) {
    for (const source of sources) {
      while (!source.isDone && source.next >= source.rows.length) {
        const rows = await page(source.cell, source.last);
        source.rows = rows.filter((row) => isOwn(row, source.cell));
        source.next = 0;
        source.last = rows.at(-1) ?? source.last;
        source.isDone = rows.length < pageSize;
      }
    }
    const merged = takeMerged(sources, compare);
    if (merged.length === 0) return;
    yield merged;
  }
}

/** Takes rows up to where a cell has to be read again. */
function takeMerged<Row>(sources: readonly Source<Row>[], compare: (a: Row, b: Row) => number): Row[] {
  const merged: Row[] = [];
  for (;;) {
    let least: { readonly source: Source<Row>; readonly row: Row } | null = null;
    for (const source of sources) {
      const row = source.rows[source.next];
      if (row === undefined) {
        if (!source.isDone) return merged;
      } else if (least === null || compare(row, least.row) < 0) least = { source, row };
    }
    if (least === null) return merged;
    merged.push(least.row);
    least.source.next += 1;
  }
}
