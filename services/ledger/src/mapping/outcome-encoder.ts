import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { Outcome } from '../ledger/outcome';
import type { StoredResponse } from '../ledger/stored-response';
import type { Command } from '../ledger/writes';
import { encodeResults } from './batch-results';
import { bytesOf } from './messages';
import { errorCodec } from './status';
import type { WriteMapping } from './write-mapping';
import { writeMappings } from './writes';

/** Outcomes as the bytes that are stored, sent and sent again. */
export const outcomeEncoder = { encode, encodeReused, encodeBatch: encodeResults, encodeBatchFailure };

function encode({ kind }: Command, outcome: Outcome): StoredResponse {
  if (outcome.type !== 'failure') {
    return { code: 0, reason: '', bytes: encodeResponse(writeMappings[kind], outcome) };
  }
  const { reason, message, metadata } = outcome;
  return errorCodec.encode({ reason, message, metadata });
}

function encodeReused({ scope, requestId }: Pick<Command, 'scope' | 'requestId'>): StoredResponse {
  return errorCodec.encode({
    reason: 'REQUEST_ID_REUSED',
    message: `request_id ${requestId} of ${scope} was used before for something else`,
    metadata: { user_id: scope, request_id: requestId },
  });
}

function encodeBatchFailure(index: number, failure: StoredResponse): StoredResponse {
  return errorCodec.encodeAt(failure, 'write', `writes[${index}]`);
}

let writer = new BinaryWriter();

/**
 * Encodes a response with a writer that is used again: growing a new one to the size of a response took half as
 * long as the encoding itself.
 */
function encodeResponse(mapping: WriteMapping, outcome: Outcome): Buffer {
  try {
    return bytesOf(mapping.response.encode(mapping.toResponse(outcome), writer));
  } catch (error) {
    // What the failed message left behind must not begin the next one.
    writer = new BinaryWriter();
    throw error;
  }
}
