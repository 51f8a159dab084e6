import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { Command } from '../../../services/ledger/src/ledger/writes';
import type { BalanceView } from '../../../services/ledger/src/ledger/outcome';

/** An implementation behind the gRPC interface of the ledger that replaces the ledger itself. */
export interface Design {
  /** Executes a write. Resolves when it is on disk. */
  submit(command: Command): Promise<CallResult>;
  /** The current balance; null for an account without entries. */
  read(key: { readonly userId: string; readonly asset: string }): Promise<BalanceView | null>;
}

/** A design supports only what the benchmark sends. */
export class UnsupportedByDesign extends Error {
  override readonly name = 'UnsupportedByDesign';

  constructor(what: string) {
    super(`${what} is not supported by this design`);
  }
}
