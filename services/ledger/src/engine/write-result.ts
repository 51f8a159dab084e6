import type { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';

/** What a write ends with: its outcome, now on disk, or the reason why it got none. */
export type WriteResult = CallResult | NoOutcome;

/** A write that waits by itself, since another session holds what it needs. */
export class SetApart {
  constructor(readonly result: Promise<WriteResult>) {}
}

/** A write that got no outcome. Nothing of it is stored. */
export type NoOutcome = CallError<NoOutcomeReason>;

/** Why a write got no outcome. */
export type NoOutcomeReason =
  /** The queue is full. Nothing was booked. */
  | 'OVERLOADED'
  /** Its deadline passed while it waited. Nothing was booked. */
  | 'NOT_STARTED'
  /** Its caller went away while it waited. Nothing was booked. */
  | 'CANCELLED'
  /** Another session held what it needs for as long as it could wait. Nothing was booked. */
  | 'ACCOUNT_LOCKED'
  /** The database is away or the server is stopping. A repeat tells whether it was booked. */
  | 'STORE_UNAVAILABLE'
  /** A fault of this program. */
  | 'INTERNAL';
