import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { BatchWriteRequest, type BatchWriteItem } from '@ledger/proto/ledger/v1/ledger_service';
import { Rejection, type Answer, type EncodedOutcome } from '../engine/answer';
import type { Settlement } from '../engine/batch-runner';
import type { GroupCommit } from '../engine/group-commit';
import type { Command } from '../ledger/command';
import { Shape } from '../mapping/validator';
import { errorCodec } from '../mapping/status';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';
import { captureHoldCommand, placeHoldCommand, releaseHoldCommand } from '../mapping/hold-request';
import {
  creditCommand,
  postTransactionCommand,
  purchaseCommand,
  reverseTransactionCommand,
  transferCommand,
} from '../mapping/write-request';

const WRITES_MAX = 10_000;

/** Numbers of the fields of ledger.v1.BatchWriteResult, by the rpc whose response each holds. */
const RESULT_FIELDS: Readonly<Record<string, number>> = {
  Credit: 1,
  Purchase: 2,
  Transfer: 3,
  PostTransaction: 4,
  ReverseTransaction: 5,
  PlaceHold: 6,
  CaptureHold: 7,
  ReleaseHold: 8,
};
const ERROR_FIELD = 9;
const REPLAYED_FIELD = 10;
/** Number of `results` in ledger.v1.BatchWriteResponse. */
const RESULTS_FIELD = 1;
const LENGTH_DELIMITED = 2;

/** BatchWrite: many writes, each by itself or all in one transaction. */
export function batchWrite(commit: GroupCommit, answerMaxBytes: number): UnaryMethod<BatchWriteRequest> {
  return {
    path: 'ledger.v1.LedgerService/BatchWrite',
    decode: (bytes) => BatchWriteRequest.decode(bytes),
    handle: async (request, context) => {
      const commands = batchCommands(request);
      if (request.atomic) return commit.submitAtomic(request.requestId, commands, context);
      const settlements = await commit.submitMany(commands, context, answerMaxBytes);
      return encodeResults(commands, settlements.map(answerOf));
    },
  };
}

/** The commands of a batch; throws INVALID_FIELD with what is wrong with any of them. */
export function batchCommands(request: BatchWriteRequest): Command[] {
  const shape = new Shape();
  const { writes } = request;
  if (request.atomic || request.requestId !== '') shape.requestId(request.requestId);
  if (writes.length < 1 || writes.length > WRITES_MAX) shape.violate('writes', `must be 1 to ${WRITES_MAX}`);
  const commands = writes.slice(0, WRITES_MAX).map((item, index) => {
    const kind = item.write?.$case;
    return commandOf(item, shape.within(`writes[${index}]${kind === undefined ? '' : `.${fieldOf(kind)}`}`));
  });
  shape.refuse();
  return commands.filter((command) => command !== null);
}

/** The response of a batch: the very bytes of each answer, one after the other. */
export function encodeResults(commands: readonly Command[], answers: readonly BatchAnswer[]): Buffer {
  const writer = new BinaryWriter();
  answers.forEach((answer, index) => {
    const kind = commands[index]?.kind ?? '';
    const field = answer.code === 0 ? RESULT_FIELDS[kind] : ERROR_FIELD;
    if (field === undefined) throw new TypeError(`${kind} is no write of a batch`);
    writer.tag(RESULTS_FIELD, LENGTH_DELIMITED).fork();
    writer.tag(field, LENGTH_DELIMITED).bytes(answer.bytes);
    if (answer.replayed) writer.tag(REPLAYED_FIELD, 0).bool(true);
    writer.join();
  });
  const bytes = writer.finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** What the result of a write is made of. */
export type BatchAnswer = EncodedOutcome & Pick<Answer, 'replayed'>;

function answerOf(settlement: Settlement): BatchAnswer {
  if (!(settlement instanceof Rejection)) return settlement;
  const { message, metadata } = settlement;
  // A caller that went away reads nothing; what is left has a reason of the contract.
  const reason = settlement.reason === 'CANCELLED' ? 'NOT_STARTED' : settlement.reason;
  return { ...errorCodec.encode({ reason, message, metadata }), replayed: false };
}

function commandOf({ write }: BatchWriteItem, shape: Shape): Command | null {
  switch (write?.$case) {
    case 'credit':
      return creditCommand(write.value, shape);
    case 'purchase':
      return purchaseCommand(write.value, shape);
    case 'transfer':
      return transferCommand(write.value, shape);
    case 'postTransaction':
      return postTransactionCommand(write.value, shape);
    case 'reverseTransaction':
      return reverseTransactionCommand(write.value, shape);
    case 'placeHold':
      return placeHoldCommand(write.value, shape);
    case 'captureHold':
      return captureHoldCommand(write.value, shape);
    case 'releaseHold':
      return releaseHoldCommand(write.value, shape);
    case undefined:
      shape.violate('write', 'is required');
      return null;
  }
}

/** The name of a field in the proto. */
function fieldOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
