import { isSystemAccount, type AccountKey } from './account';
import { bucketOf, BUCKETS } from './bucket';
import { BATCH_SCOPE, CATALOG_SCOPE } from './command';
import { bucketOfId } from './transaction-id';

/** How many stripes of a system account one cell has room for: stripe = 64 × cell + slot. */
export const STRIPES_PER_CELL = 64;

/** The cell of what the ledger has once: requests of the catalog. */
const FIRST_CELL = 0;

/** Rows that lie in one cell. */
export type CellRows<Row> = readonly [cell: number, rows: readonly Row[]];

/** Which cell rows lie in. A cell is a whole ledger in a schema of its own; a user lives in one. */
export class Placement {
  private readonly isOne: boolean;

  /**
   * @param cells all cells, the lowest first
   * @param cellOfBucket the cell of each bucket
   */
  constructor(
    readonly cells: readonly number[],
    private readonly cellOfBucket: readonly number[],
  ) {
    this.isOne = cells.length === 1;
    if (cellOfBucket.length !== BUCKETS || !cellOfBucket.every((cell) => cells.includes(cell)))
      throw new RangeError(`${BUCKETS} buckets lie in cells that are there`);
  }

  /** The cell of a user. A system account has none of its own. */
  ofUser(userId: string): number {
    return this.isOne ? FIRST_CELL : this.ofBucket(bucketOf(userId));
  }

  /** The cell of a transaction or a hold, by its id. */
  ofId(id: string): number {
    return this.isOne ? FIRST_CELL : this.ofBucket(bucketOfId(id));
  }

  /** The cell of the requests of a scope; those of atomic batches are divided by their ids. */
  ofRequest(scope: string, requestId: string): number {
    if (scope === CATALOG_SCOPE) return FIRST_CELL;
    return this.ofUser(scope === BATCH_SCOPE ? requestId : scope);
  }

  /** The cell of an account's row, or of an entry: a stripe tells its own. */
  ofRow({ userId, stripe }: Pick<AccountKey, 'userId' | 'stripe'>): number {
    return isSystemAccount(userId) ? Math.floor(stripe / STRIPES_PER_CELL) : this.ofUser(userId);
  }

  /** The cells in which an account has rows: that of a user, all of a system account. */
  ofAccount(userId: string): readonly number[] {
    return isSystemAccount(userId) ? this.cells : [this.ofUser(userId)];
  }

  /** The stripe of system accounts that a write uses: they are those of its owner's cell. */
  stripeFor(scope: string, slot: number): number {
    return STRIPES_PER_CELL * this.ofRequest(scope, '') + slot;
  }

  /** Rows by the cell that they lie in, the lowest cell first; the order of the rows stays. */
  byCell<Row>(rows: readonly Row[], cellOf: (row: Row) => number): readonly CellRows<Row>[] {
    if (rows.length === 0) return [];
    if (this.isOne) return [[FIRST_CELL, rows]];
    const byCell = new Map<number, Row[]>();
    for (const row of rows) {
      const cell = cellOf(row);
      const others = byCell.get(cell);
      if (others === undefined) byCell.set(cell, [row]);
      else others.push(row);
    }
    return [...byCell].sort(([a], [b]) => a - b);
  }

  /** The same for rows of which each lies in several cells. */
  byCells<Row>(rows: readonly Row[], cellsOf: (row: Row) => readonly number[]): readonly CellRows<Row>[] {
    if (this.isOne) return this.byCell(rows, () => FIRST_CELL);
    const copies = rows.flatMap((row) => cellsOf(row).map((cell) => ({ cell, row })));
    return this.byCell(copies, ({ cell }) => cell).map(([cell, own]) => [cell, own.map(({ row }) => row)]);
  }

  private ofBucket(bucket: number): number {
    return this.cellOfBucket[bucket] ?? FIRST_CELL;
  }
}

/** A ledger of one cell. */
export const ONE_CELL = new Placement([FIRST_CELL], new Array<number>(BUCKETS).fill(FIRST_CELL));
