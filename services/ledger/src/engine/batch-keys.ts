import type { AccountKey } from '../ledger/account';
import {
  LockKeys,
  References,
  type FoundReferences,
  type HoldKey,
  type OriginalKey,
} from '../ledger/lock-keys';
import type { Placement } from '../ledger/placement';
import { definitionOf, type Command } from '../ledger/writes';
import { inCell } from '../store/pg/in-cell';
import type { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { findHolds } from '../store/statements/find-holds';
import { findItems } from '../store/statements/find-items';
import { findOwnTransaction } from '../store/statements/find-transaction';

/** Where a batch works: which cell rows lie in, and which stripe of system accounts it uses in each cell. */
export interface BatchPlace {
  readonly placement: Placement;
  readonly slot: number;
}

const NOTHING_FOUND: FoundReferences = { items: [], holds: [], originals: [] };

/** Reads what the commands refer to; without a round trip when that is nothing. */
export async function readReferences(
  transaction: PipelinedTransaction,
  placement: Placement,
  commands: readonly Command[],
  references: References,
): Promise<FoundReferences> {
  if (references.isEmpty) return NOTHING_FOUND;
  const { items, holds, originals } = references;
  const holdsByCell = placement.byCell([...holds.values()], ({ userId }) => placement.ofUser(userId));
  const [foundItems, foundHolds, foundOriginals] = await transaction.send((connection) =>
    Promise.all([
      items.size > 0
        ? findItems(inCell(connection, catalogCell(placement, commands)), [...items.values()])
        : [],
      Promise.all(holdsByCell.map(([cell, keys]) => findHolds(inCell(connection, cell), keys))),
      Promise.all(
        [...originals.values()].map(({ userId, transactionId }) =>
          findOwnTransaction(connection, placement, transactionId, userId),
        ),
      ),
    ]),
  );
  return {
    items: foundItems,
    holds: foundHolds.flat(),
    originals: foundOriginals.filter((original) => original !== null),
  };
}

/** Every cell has the catalog. A batch of one cell reads it there. */
function catalogCell(placement: Placement, commands: readonly Command[]): number {
  const [own, ...others] = new Set(
    commands.map(({ scope, requestId }) => placement.ofRequest(scope, requestId)),
  );
  return own === undefined || others.length > 0 ? 0 : own;
}

/** The account rows that the commands may change, each once, in key order. */
export function lockKeys(
  commands: readonly Command[],
  { offered }: References,
  { items, holds, originals }: FoundReferences,
  { placement, slot }: BatchPlace,
): AccountKey[] {
  const keys = new LockKeys(placement, slot);
  for (const item of items) keys.offer(item);
  for (const item of offered) keys.offer(item);
  for (const command of commands) {
    keys.forOwner(command.scope);
    definitionOf(command).lockKeys(keys, command);
  }
  for (const hold of holds) {
    keys.forOwner(hold.userId);
    keys.account(hold.userId, hold.asset);
    keys.account(hold.destination, hold.asset);
  }
  for (const { entries } of originals) {
    for (const { userId, asset, stripe } of entries) keys.row(userId, asset, stripe);
  }
  return keys.sorted();
}

/** The rows that one command of a batch may change. */
export function keysOf(
  command: Command,
  references: References,
  { items, holds, originals }: FoundReferences,
  place: BatchPlace,
): AccountKey[] {
  const own = new References();
  definitionOf(command).refersTo(own, command);
  const isOwnHold = ({ userId, holdId }: HoldKey): boolean => own.holds.has(`${userId}\0${holdId}`);
  const isOwnOriginal = ({ userId, transactionId }: OriginalKey): boolean =>
    own.originals.has(`${userId}\0${transactionId}`);
  const found = { items, holds: holds.filter(isOwnHold), originals: originals.filter(isOwnOriginal) };
  return lockKeys([command], references, found, place);
}
