import type { Annotations } from '../ledger/annotations';
import { entriesMax } from '../ledger/entries-max';
import type { Command } from '../ledger/writes';

/**
 * How large the answer to a write of a batch may become, before it is booked: never too small, and not much too large
 * for writes of the usual size. The fixed parts are those of the messages with every number at its longest; what the
 * command does not say is taken as long as it may be.
 */
export function answerMaxBytes(command: Command): number {
  return FRAME + Math.max(successMaxBytes(command), failureMaxBytes(command));
}

/** The most that the answer to a request that is finished takes: its outcome, or that its id was used before. */
export function repeatMaxBytes(outcomeBytes: number): number {
  return FRAME + Math.max(outcomeBytes, REUSED_MAX_BYTES);
}

/** REQUEST_ID_REUSED with the longest scope and request id. */
const REUSED_MAX_BYTES = 900;

/** The most that an answer without a body takes. */
export const SUMMARY_MAX_BYTES = 100;

/** Tags and lengths around a result, and `replayed`. */
const FRAME = 16;
/** A transaction without its texts, its item and its entries. */
const TRANSACTION = 220;
/** An entry, and a balance, without user and asset. */
const ENTRY = 260;
const BALANCE = 230;
const HOLD = 260;
/** A capture names its hold in the metadata of its transaction. */
const HOLD_METADATA = 60;
/** A snapshot of an item: its longest id and name, and three numbers. */
const ITEM = 128 + 128 + 60;
const USER_MAX = 128;
const ASSET_MAX = 67;

function successMaxBytes(command: Command): number {
  const { scope, requestId, caller } = command;
  const header = TRANSACTION + scope.length + requestId.length + caller.length;
  const entries = (texts: number): number => entriesMax(command) * ENTRY + texts;
  switch (command.kind) {
    case 'Credit': {
      const { userId, asset, source } = command;
      const texts = 2 * userId.length + 3 * asset.length + source.length;
      return header + annotationsBytes(command) + entries(texts) + BALANCE;
    }
    case 'Transfer': {
      const { userId, toUserId, asset } = command;
      const texts = 2 * userId.length + 3 * asset.length + toUserId.length;
      return header + annotationsBytes(command) + entries(texts) + BALANCE;
    }
    case 'Purchase': {
      const { userId, destination, subject } = command;
      const asset = subject.by === 'price' ? subject.asset.length : ASSET_MAX;
      const texts = 3 * userId.length + 5 * asset + destination.length + USER_MAX;
      return header + annotationsBytes(command) + ITEM + entries(texts) + BALANCE;
    }
    case 'PostTransaction': {
      const texts = command.legs.reduce((sum, leg) => sum + leg.userId.length + leg.asset.length, 0);
      return header + annotationsBytes(command) + entries(2 * texts) + command.legs.length * BALANCE;
    }
    case 'ReverseTransaction': {
      const texts = entriesMax(command) * (BALANCE + 2 * (USER_MAX + ASSET_MAX));
      return header + Buffer.byteLength(command.description) + entries(texts);
    }
    case 'CaptureHold': {
      const texts = 3 * command.userId.length + 4 * ASSET_MAX + 2 * USER_MAX;
      return header + HOLD_METADATA + entries(texts) + HOLD + BALANCE;
    }
    case 'PlaceHold': {
      const { userId, asset, destination } = command;
      return 2 * (userId.length + asset.length) + destination.length + HOLD + BALANCE;
    }
    case 'ReleaseHold':
      return 2 * (command.userId.length + ASSET_MAX) + USER_MAX + HOLD + BALANCE;
    case 'UpdateAccount':
    case 'PutItem':
      throw new TypeError(`${command.kind} is not a write of a batch`);
  }
}

/** A status without the names in it: its numbers and the words around them. */
const FAILURE = 1_000;
/** How often a name may stand in a status: message, metadata, and the subject and description of a precondition. */
const REPEATS = 4;

function failureMaxBytes(command: Command): number {
  const { scope, requestId } = command;
  return FAILURE + REPEATS * (scope.length + requestId.length + subjectBytes(command));
}

/** The names that a failure may repeat beside scope and request id. */
function subjectBytes(command: Command): number {
  switch (command.kind) {
    case 'Credit':
      return command.asset.length + Math.max(command.userId.length, command.source.length);
    case 'Transfer':
      return command.asset.length + command.toUserId.length;
    case 'Purchase':
      return (
        ASSET_MAX +
        Math.max(
          command.destination.length,
          command.subject.by === 'item' ? command.subject.itemId.length : 0,
        )
      );
    case 'PlaceHold':
      return command.asset.length;
    default:
      // Whichever leg, hold or original it is.
      return USER_MAX + ASSET_MAX;
  }
}

function annotationsBytes({ description, reference, metadata }: Annotations): number {
  let bytes = Buffer.byteLength(description) + reference.length;
  for (const [key, value] of metadata) bytes += 8 + Buffer.byteLength(key) + Buffer.byteLength(value);
  return bytes;
}
