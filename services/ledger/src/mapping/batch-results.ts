import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import { ErrorReason } from '@ledger/proto/ledger/v1/error_reason';
import { BatchWriteSummary } from '@ledger/proto/ledger/v1/ledger_service';
import type { Command } from '../ledger/writes';
import { bytesOf } from './messages';
import type { Reason } from './status';
import { writeMappings } from './writes';

/** Numbers of the other fields of ledger.v1.BatchWriteResult. */
const ERROR_FIELD = 9;
const REPLAYED_FIELD = 10;
const SUMMARY_FIELD = 11;
/** Number of `results` in ledger.v1.BatchWriteResponse. */
const RESULTS_FIELD = 1;

/** The response of a batch whose results are all there. */
export function encodeResults(
  commands: readonly Command[],
  results: readonly CallResult[],
  omitBodies: boolean,
): Buffer {
  return Buffer.concat(
    results.map((result, index) => {
      const command = commands[index];
      if (command === undefined) throw new RangeError('a result has no write');
      return encodeResult(command, result, omitBodies);
    }),
  );
}

/** One result as a part of the response of its batch, which is nothing but its results one after the other. */
export function encodeResult(command: Command, result: CallResult, omitBodies: boolean): Buffer {
  const field = omitBodies ? SUMMARY_FIELD : result.code === 0 ? fieldOf(command) : ERROR_FIELD;
  const bytes = omitBodies ? summaryOf(command, result) : result.bytes;
  const writer = new BinaryWriter().tag(RESULTS_FIELD, WireType.LengthDelimited).fork();
  writer.tag(field, WireType.LengthDelimited).bytes(bytes);
  if (result.replayed) writer.tag(REPLAYED_FIELD, WireType.Varint).bool(true);
  return bytesOf(writer.join());
}

function fieldOf({ kind }: Command): number {
  const { batch } = writeMappings[kind];
  if (batch === null) throw new TypeError(`${kind} is not a write of a batch`);
  return batch.number;
}

function summaryOf({ kind }: Command, { code, reason, bytes }: CallResult): Uint8Array {
  if (code !== 0) {
    return BatchWriteSummary.encode(
      BatchWriteSummary.fromPartial({ code, reason: reasonNumber(reason) }),
    ).finish();
  }
  const id = firstId(bytes);
  const isHold = kind === 'PlaceHold' || kind === 'ReleaseHold';
  return BatchWriteSummary.encode(
    BatchWriteSummary.fromPartial(isHold ? { holdId: id } : { transactionId: id }),
  ).finish();
}

function reasonNumber(reason: string): ErrorReason {
  // The reasons of outcomes are those of the contract.
  return ErrorReason[reason as Reason];
}

/** Number of the first message of every response, a transaction or a hold, and of the id in both. */
const FIRST_FIELD = 1;

/** The id of the transaction, or of the hold, of a response: all that is looked at of its bytes. */
function firstId(response: Uint8Array): string {
  const reader = new BinaryReader(response);
  for (const depth of [0, 1]) {
    const [field, wireType] = reader.tag();
    if (field !== FIRST_FIELD || wireType !== WireType.LengthDelimited) {
      throw new TypeError('a response does not begin with what was booked');
    }
    if (depth === 0) reader.uint32();
  }
  return reader.string();
}
