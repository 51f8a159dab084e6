import { compareText } from '../ledger/lock-keys';
import type { Placement } from '../ledger/placement';
import { readCoveredItems, type CoveredItem } from '../store/statements/read-covered-rows';
import { finalTime } from './final-time';
import { readerIn, type LedgerReader } from './ledger-reader';
import { mergeCells } from './merge-cells';
import type { ViolationList } from './violation';

const ITEMS_PER_PAGE = 500;

/** Every cell has the same catalog. Versions that are put meanwhile are left to the next verification. */
export async function compareCatalogs(
  read: LedgerReader,
  { cells }: Placement,
  found: ViolationList,
): Promise<void> {
  if (cells.length === 1) return;
  const time = await finalTime(read);
  let same: CoveredItem[] = [];
  const check = (): void => {
    const [first] = same;
    if (first === undefined) return;
    const texts = new Set(same.map(textOf));
    if (texts.size === 1 && same.length === cells.length) return;
    found.add({
      ...{ rule: 4, userId: '', asset: '', stripe: 0, sequence: 0n, transactionId: '' },
      detail: `version ${first[1]} of item ${first[0]} is not the same in all ${cells.length} cells`,
    });
  };
  const pages = mergeCells<CoveredItem>({
    cells,
    page: (cell, after) =>
      readerIn(read, cell)((connection) => readCoveredItems(connection, keyOf(after), time, ITEMS_PER_PAGE)),
    pageSize: ITEMS_PER_PAGE,
    compare: compareItems,
  });
  for await (const page of pages) {
    for (const item of page) {
      if (same[0] !== undefined && compareItems(same[0], item) !== 0) {
        check();
        same = [];
      }
      same.push(item);
    }
  }
  check();
}

function keyOf(item: CoveredItem | undefined): { itemId: string; version: bigint } {
  return item === undefined ? { itemId: '', version: 0n } : { itemId: item[0], version: item[1] };
}

function compareItems([a, one]: CoveredItem, [b, other]: CoveredItem): number {
  return compareText(a, b) || (one < other ? -1 : one > other ? 1 : 0);
}

function textOf(item: CoveredItem): string {
  return item.map(String).join('\0');
}
