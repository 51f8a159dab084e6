import type { Answer } from '../../../services/ledger/src/engine/answer';
import type { Command } from '../../../services/ledger/src/ledger/command';
import type { BalanceView } from '../../../services/ledger/src/ledger/outcome';

/** What stands behind the gRPC of the ledger in place of the ledger. */
export interface Design {
  /** Carries a write out; resolves when it is on disk. */
  submit(command: Command): Promise<Answer>;
  /** The balance now; null for an account that was never written. */
  read(key: { readonly userId: string; readonly asset: string }): Promise<BalanceView | null>;
}

/** A design knows only what the benchmark asks of it. */
export class UnsupportedByDesign extends Error {
  override readonly name = 'UnsupportedByDesign';

  constructor(what: string) {
    super(`${what} is no part of this design`);
  }
}
