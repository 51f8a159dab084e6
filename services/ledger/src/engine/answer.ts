import { CallError } from '@ledger/kit/rpc/call-error';
import type { Command } from '../ledger/command';
import type { Outcome } from '../ledger/outcome';

/** An outcome in the form in which it is stored and sent. */
export interface EncodedOutcome {
  /** gRPC status code; 0 when it succeeded. */
  readonly code: number;
  /** Name of the `ErrorReason`; empty when it succeeded. */
  readonly reason: string;
  /** The response message, or a google.rpc.Status when `code` is not 0. */
  readonly bytes: Buffer;
}

/** Turns outcomes into bytes; handed in, because this folder knows nothing of gRPC. */
export interface OutcomeEncoder {
  encode(command: Command, outcome: Outcome): EncodedOutcome;
  /** The answer to a request id that was used before for something else. Not stored. */
  encodeReused(request: { readonly scope: string; readonly requestId: string }): EncodedOutcome;
  /** The answer to an atomic batch that succeeded: those of its writes. */
  encodeBatch(commands: readonly Command[], answers: readonly Answer[]): EncodedOutcome;
  /** The answer to an atomic batch of which a write failed: that failure, and which write it was. */
  encodeBatchFailure(index: number, failure: EncodedOutcome): EncodedOutcome;
}

/** What a caller gets: the outcome of its request, now on disk. */
export interface Answer extends EncodedOutcome {
  /** The outcome was there before this call. */
  readonly replayed: boolean;
  /** How many writes shared the database transaction. */
  readonly batchSize: number;
}

/** Why a write got no outcome. None of these is stored. */
export type RejectionReason =
  /** The queue is full. Nothing was booked. */
  | 'OVERLOADED'
  /** Its deadline passed while it waited. Nothing was booked. */
  | 'NOT_STARTED'
  /** Its caller went away while it waited. Nothing was booked. */
  | 'CANCELLED'
  /** The database is away or the server is stopping. A repeat tells whether it was booked. */
  | 'STORE_UNAVAILABLE'
  /** A fault of this program. */
  | 'INTERNAL';

/** A write that got no outcome. */
export class Rejection extends CallError<RejectionReason> {
  constructor(
    reason: RejectionReason,
    message: string,
    /** The numbers of the message. */
    metadata: Readonly<Record<string, string>> = {},
    options: ErrorOptions = {},
  ) {
    super(reason, message, { ...options, metadata });
  }
}
