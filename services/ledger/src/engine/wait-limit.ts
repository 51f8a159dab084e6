import { Rejection } from './answer';

/** What a caller says about its patience. */
export interface Patience {
  /** When it stops waiting, in milliseconds since 1970; Infinity: never. Counts until its write is started. */
  readonly deadline: number;
  /** Whether it has gone. */
  readonly isCancelled: () => boolean;
}

/** Why a write is not to be started any more; null: its caller still waits. */
export function notStarted({ deadline, isCancelled }: Patience, now: number): Rejection | null {
  if (isCancelled()) return new Rejection('CANCELLED', 'the caller went away before the write was started');
  if (deadline > now) return null;
  return new Rejection('NOT_STARTED', 'the deadline passed while the write waited');
}
