import type { Placement } from '../ledger/placement';
import { readLegs, type EntryKey, type StoredLeg } from '../store/statements/read-stored-transactions';
import { readerIn, type LedgerReader } from './ledger-reader';

/** The entries of the keys, in their order, each from the cell that it lies in; null where there is none. */
export async function readLegsOver(
  read: LedgerReader,
  placement: Placement,
  keys: readonly EntryKey[],
): Promise<(StoredLeg | null)[]> {
  const legs = keys.map((): StoredLeg | null => null);
  const places = keys.map((key, index) => ({ key, index }));
  for (const [cell, own] of placement.byCell(places, ({ key }) => placement.ofRow(key))) {
    const keysHere = own.map(({ key }) => key);
    const found = await readerIn(read, cell)((connection) => readLegs(connection, keysHere));
    own.forEach(({ index }, at) => {
      legs[index] = found[at] ?? null;
    });
  }
  return legs;
}
