import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import type { Command } from '../ledger/writes';
import { bytesOf } from './messages';
import { writeMappings } from './writes';

/** Numbers of the other fields of ledger.v1.BatchWriteResult. */
const ERROR_FIELD = 9;
const REPLAYED_FIELD = 10;
/** Number of `results` in ledger.v1.BatchWriteResponse. */
const RESULTS_FIELD = 1;
const LENGTH_DELIMITED = 2;

/** The response of a batch: the very bytes of each result, one after the other. */
export function encodeResults(commands: readonly Command[], results: readonly CallResult[]): Buffer {
  const writer = new BinaryWriter();
  results.forEach((result, index) => {
    const field = result.code === 0 ? fieldOf(commands[index]) : ERROR_FIELD;
    writer.tag(RESULTS_FIELD, LENGTH_DELIMITED).fork();
    writer.tag(field, LENGTH_DELIMITED).bytes(result.bytes);
    if (result.replayed) writer.tag(REPLAYED_FIELD, 0).bool(true);
    writer.join();
  });
  return bytesOf(writer);
}

function fieldOf(command: Command | undefined): number {
  const batch = command === undefined ? null : writeMappings[command.kind].batch;
  if (batch === null) throw new TypeError(`${command?.kind} is not a write of a batch`);
  return batch.number;
}
