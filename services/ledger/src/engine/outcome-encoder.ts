import type { Outcome } from '../ledger/outcome';
import type { StoredResponse } from '../ledger/stored-response';
import type { Command } from '../ledger/writes';
import type { CallResult } from '@ledger/kit/rpc/call-result';

/** Turns outcomes into the bytes that are stored and sent. Handed in, because this folder knows nothing of gRPC. */
export interface OutcomeEncoder {
  encode(command: Command, outcome: Outcome): StoredResponse;
  /** The answer to a request id that was used before for something else. Not stored. */
  encodeReused(request: { readonly scope: string; readonly requestId: string }): StoredResponse;
  /** The response of an atomic batch that succeeded: those of its writes. */
  encodeBatch(commands: readonly Command[], results: readonly CallResult[], omitBodies: boolean): Buffer;
  /** The answer to an atomic batch of which a write failed: that failure, and which write it was. */
  encodeBatchFailure(index: number, failure: StoredResponse): StoredResponse;
}
