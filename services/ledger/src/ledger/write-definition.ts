import type { CanonicalBytes } from './canonical-bytes';
import type { CommandBase } from './command';
import type { LockKeys, References } from './lock-keys';
import type { Outcome } from './outcome';
import type { WorkingSet } from './working-set';

/** What the ledger needs to know of one write. A new write is one object of this type and its row in writes.ts. */
export interface WriteDefinition<C extends CommandBase> {
  /** Names what must be read before it is known which accounts the command concerns. */
  refersTo(references: References, command: C): void;
  /**
   * Names the accounts that the command may change. The accounts of a hold or a transaction that the command refers
   * to are added by themselves.
   */
  lockKeys(keys: LockKeys, command: C): void;
  /** Writes the command's own fields in canonical form. The layout is stored as a hash: it never changes. */
  writeContent(out: CanonicalBytes, command: C): void;
  /**
   * Decides the command on the locked state, and changes that state in memory when it succeeds. A refusal changes
   * nothing.
   */
  decide(set: WorkingSet, command: C): Outcome;
}

/** For a write that refers to nothing, or that locks nothing but what it refers to. */
export function nothing(): void {
  // Nothing to name.
}
