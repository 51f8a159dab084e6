/** Rows that are read and checked in one turn of the event loop: some milliseconds. */
const ROWS_PER_PART = 1_000;

/**
 * Divides what a page refers to: a transaction may have 64 legs, and a page of such would keep everybody else waiting.
 *
 * @param rowsOf how many rows have to be read for an item
 * @returns the items in order, in parts of at most a thousand rows; an item that has more is a part of its own
 */
export function inParts<Item>(items: readonly Item[], rowsOf: (item: Item) => number): Item[][] {
  const parts: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const rows = rowsOf(item);
    if (rows > room || parts.length === 0) {
      parts.push([]);
      room = ROWS_PER_PART;
    }
    parts.at(-1)?.push(item);
    room -= rows;
  }
  return parts;
}
