import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { Write } from './batch-transaction';
import type { WaitLimit } from './wait-limit';
import type { NoOutcome } from './write-result';

/** A write that waits for its batch. */
export interface WaitingWrite extends Write, WaitLimit {
  readonly resolve: (result: CallResult) => void;
  readonly reject: (error: NoOutcome) => void;
}
