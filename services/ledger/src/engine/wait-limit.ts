import { CallError } from '@ledger/kit/rpc/call-error';
import type { NoOutcome } from './write-result';

/** How long a caller waits for its write to be started, and whose turn the write takes. */
export interface WaitLimit {
  /** The other end of the caller's connection. */
  readonly peer: string;
  /** What the write holds while it waits. */
  readonly requestBytes: number;
  /** When it stops waiting, in milliseconds since 1970; Infinity: never. Counts until its write is started. */
  readonly deadline: number;
  /** Whether it has gone. */
  readonly isCancelled: () => boolean;
}

/** Why a write must not be started any more; null: its caller still waits. */
export function notStarted(
  { deadline, isCancelled }: Pick<WaitLimit, 'deadline' | 'isCancelled'>,
  now: number,
): NoOutcome | null {
  if (isCancelled()) return new CallError('CANCELLED', 'the caller went away before the write was started');
  if (deadline > now) return null;
  return new CallError('NOT_STARTED', 'the deadline passed while the write waited');
}
