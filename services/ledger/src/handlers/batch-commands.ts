import { decodeRequest } from '@ledger/kit/rpc/incoming-call';
import { BatchWriteItem } from '@ledger/proto/ledger/v1/ledger_service';
import { Portions } from '@ledger/kit/server/portions';
import { entriesMax, LEGS_MAX } from '../ledger/entries-max';
import type { Command } from '../ledger/writes';
import { hasTooManyLegs, WRITE_MAX_BYTES, WRITES_MAX, type BatchRequest } from '../mapping/batch-request';
import { RequestValidator } from '../mapping/validator';
import { mappingOfBatchField, toCommand } from '../mapping/writes';

/** The most legs of an atomic batch, which is one database transaction: it holds its locks for as long as it takes. */
const ATOMIC_LEGS_MAX = 20_000;

/**
 * The commands of a batch, decoded and checked in portions, up to the first limit that it passes.
 *
 * @throws CallError INVALID_FIELD that names the invalid fields of the writes, at most 24
 */
export async function batchCommands({ requestId, atomic, writes }: BatchRequest): Promise<Command[]> {
  const validator = new RequestValidator();
  if (atomic || requestId !== '') validator.requestId(requestId);
  const fits = writes.length >= 1 && writes.length <= WRITES_MAX;
  if (!fits) validator.addViolation('writes', `must be 1 to ${WRITES_MAX}`);
  const commands = fits ? await commandsOf(writes, atomic, validator) : [];
  validator.throwIfInvalid();
  return commands;
}

async function commandsOf(
  writes: readonly Uint8Array[],
  atomic: boolean,
  validator: RequestValidator,
): Promise<Command[]> {
  const commands: Command[] = [];
  const portions = new Portions();
  let legs = 0;
  for (const [index, write] of writes.entries()) {
    if (portions.isOver) await portions.next();
    const command = commandOf(write, `writes[${index}]`, validator);
    if (validator.isFull) break;
    if (command === null) continue;
    commands.push(command);
    legs += entriesMax(command);
    if (atomic && legs > ATOMIC_LEGS_MAX) {
      validator.addViolation('writes', `must have up to ${ATOMIC_LEGS_MAX} legs in all when atomic`);
      break;
    }
  }
  return commands;
}

function commandOf(bytes: Uint8Array, path: string, validator: RequestValidator): Command | null {
  if (bytes.length > WRITE_MAX_BYTES) {
    validator.addViolation(path, `must be up to ${WRITE_MAX_BYTES} bytes`);
    return null;
  }
  if (hasTooManyLegs(bytes, LEGS_MAX)) {
    validator.addViolation(`${path}.post_transaction.legs`, `must be up to ${LEGS_MAX}`);
    return null;
  }
  const { write } = decodeRequest((reader) => BatchWriteItem.decode(reader), bytes);
  if (write === undefined) {
    validator.within(path).addViolation('write', 'is required');
    return null;
  }
  const within = validator.within(`${path}.${snakeCase(write.$case)}`);
  return toCommand(mappingOfBatchField(write.$case), write.value, within);
}

/** The name of a field in the proto. */
function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
