import { CallError } from '@ledger/kit/rpc/call-error';
import type { NoOutcome } from './write-result';

/** How long a caller waits for its write to be started. */
export interface WaitLimit {
  /** When it stops waiting, in milliseconds since 1970; Infinity: never. Counts until its write is started. */
  readonly deadline: number;
  /** Whether it has gone. */
  readonly isCancelled: () => boolean;
}

/** Why a write must not be started any more; null: its caller still waits. */
export function notStarted({ deadline, isCancelled }: WaitLimit, now: number): NoOutcome | null {
  if (isCancelled()) return new CallError('CANCELLED', 'the caller went away before the write was started');
  if (deadline > now) return null;
  return new CallError('NOT_STARTED', 'the deadline passed while the write waited');
}
