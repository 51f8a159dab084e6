import type { AccountKey } from '../ledger/account';
import type { CellRows, Placement } from '../ledger/placement';
import { positionText, type WritingIncarnation } from '../store/incarnation';
import type { Connection } from '../store/pg/connection';
import { inCell } from '../store/pg/in-cell';
import type { FoundRequests } from '../store/statements/find-requests';
import type { RowLocations } from '../store/statements/lock-accounts';

/** Names a request. */
export interface RequestKey {
  readonly scope: string;
  readonly requestId: string;
}

/** The incarnation of each cell. */
export type Incarnations = ReadonlyMap<number, WritingIncarnation>;

/** What a batch concerns in one cell. */
export interface CellKeys {
  readonly cell: number;
  readonly accounts: readonly AccountKey[];
  readonly requests: readonly RequestKey[];
}

/** The cells that a batch touches, the lowest first: those of its accounts and of its requests. */
export function cellsOf(
  placement: Placement,
  keys: readonly AccountKey[],
  requests: readonly RequestKey[],
): CellKeys[] {
  const accounts = new Map(placement.byCell(keys, (key) => placement.ofRow(key)));
  const own = new Map(
    placement.byCell(requests, ({ scope, requestId }) => placement.ofRequest(scope, requestId)),
  );
  const cells = [...new Set([...own.keys(), ...accounts.keys()])].sort((a, b) => a - b);
  return cells.map((cell) => ({
    cell,
    accounts: accounts.get(cell) ?? [],
    requests: own.get(cell) ?? [],
  }));
}

/** Starts a statement in each cell, in their order. */
export function inEach<T>(
  connection: Connection,
  cells: readonly CellKeys[],
  start: (at: Connection, keys: CellKeys) => Promise<T>,
): Promise<T[]> {
  return Promise.all(cells.map((keys) => start(inCell(connection, keys.cell), keys)));
}

/** Starts a statement in each cell that has some of the rows; without any, none. */
export async function inCells<Key, Row>(
  connection: Connection,
  cells: readonly CellRows<Key>[],
  start: (at: Connection, keys: readonly Key[]) => Promise<Row[]>,
): Promise<Row[]> {
  if (cells.length === 0) return [];
  return (await Promise.all(cells.map(([cell, keys]) => start(inCell(connection, cell), keys)))).flat();
}

export function commitOrdersOf(
  cells: readonly CellKeys[],
  known: readonly FoundRequests[],
  incarnations: Incarnations,
): ReadonlyMap<number, bigint> {
  return new Map(
    cells.map(({ cell }, index) => {
      const [incarnation, found] = [incarnations.get(cell), known[index]];
      if (incarnation === undefined || found === undefined)
        throw new RangeError(`cell ${cell} has no incarnation`);
      return [cell, found.xid + incarnation.xidOffset];
    }),
  );
}

/** The name of the metadata that carries a position. */
export const POSITION_HEADER = 'ledger-position';

/**
 * Where the batch stands in each of its cells; that of another cell than the first one begins with its number. No
 * transaction of the batch gets a higher order: it is raised to that of its accounts at most.
 */
export function positionsText(
  commitOrders: ReadonlyMap<number, bigint>,
  locations: RowLocations,
  placement: Placement,
  incarnations: Incarnations,
): string {
  const highest = new Map(commitOrders);
  for (const account of locations.keys()) {
    const cell = placement.ofRow(account);
    if (account.commitOrder > (highest.get(cell) ?? 0n)) highest.set(cell, account.commitOrder);
  }
  const positions: string[] = [];
  for (const [cell, order] of highest) {
    const incarnation = incarnations.get(cell);
    if (incarnation === undefined) continue;
    positions.push(`${cell === 0 ? '' : `${cell}:`}${positionText(incarnation, order)}`);
  }
  return positions.join(' ');
}
