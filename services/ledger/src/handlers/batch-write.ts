import { CallError } from '@ledger/kit/rpc/call-error';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import { BatchWriteRequest, type BatchWriteItem } from '@ledger/proto/ledger/v1/ledger_service';
import type { GroupCommit } from '../engine/group-commit';
import type { WriteResult } from '../engine/write-result';
import type { Command } from '../ledger/writes';
import { encodeResults } from '../mapping/batch-results';
import { errorCodec } from '../mapping/status';
import { NO_CALLER, RequestValidator } from '../mapping/validator';
import { mappingOfBatchField, toCommand } from '../mapping/writes';
import type { UnaryMethod } from '@ledger/kit/rpc/unary';

const WRITES_MAX = 10_000;

/** BatchWrite: many writes, each by itself or all in one transaction. */
export function batchWrite(commit: GroupCommit, answerMaxBytes: number): UnaryMethod<BatchWriteRequest> {
  return {
    path: 'ledger.v1.LedgerService/BatchWrite',
    decode: (bytes) => BatchWriteRequest.decode(bytes),
    handle: async (request, context) => {
      const commands = batchCommands(request);
      if (request.atomic)
        return commit.submitAtomic({ requestId: request.requestId, caller: NO_CALLER }, commands, context);
      const results = await commit.submitMany(commands, context, answerMaxBytes);
      return encodeResults(commands, results.map(toCallResult));
    },
  };
}

/**
 * The commands of a batch.
 *
 * @throws CallError INVALID_FIELD that names every invalid field of every write, at most 24
 */
export function batchCommands(request: BatchWriteRequest): Command[] {
  const validator = new RequestValidator();
  const { writes } = request;
  if (request.atomic || request.requestId !== '') validator.requestId(request.requestId);
  if (writes.length < 1 || writes.length > WRITES_MAX)
    validator.addViolation('writes', `must be 1 to ${WRITES_MAX}`);
  const commands = writes
    .slice(0, WRITES_MAX)
    .map((item, index) => itemCommand(item, `writes[${index}]`, validator));
  validator.throwIfInvalid();
  return commands.filter((command) => command !== null);
}

function itemCommand({ write }: BatchWriteItem, path: string, validator: RequestValidator): Command | null {
  if (write === undefined) {
    validator.within(path).addViolation('write', 'is required');
    return null;
  }
  const within = validator.within(`${path}.${snakeCase(write.$case)}`);
  return toCommand(mappingOfBatchField(write.$case), write.value, within);
}

function toCallResult(result: WriteResult): CallResult {
  if (!(result instanceof CallError)) return result;
  // A caller that has gone reads no reason; every other reason belongs to the contract.
  const reason = result.reason === 'CANCELLED' ? 'NOT_STARTED' : result.reason;
  const { code, bytes } = errorCodec.encode({ reason, message: result.message, metadata: result.metadata });
  return { code, reason, bytes, replayed: false };
}

/** The name of a field in the proto. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
