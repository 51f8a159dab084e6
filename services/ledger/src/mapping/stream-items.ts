import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { CallResult } from '@ledger/kit/rpc/call-result';
import { Duration } from '@ledger/proto/google/protobuf/duration';
import { Status } from '@ledger/proto/google/rpc/status';
import { bytesOf } from './messages';
import type { WriteMapping } from './write-mapping';
import { mappingOfStreamField } from './writes';

/**
 * An item of a WriteStream as far as it can be read: its write is still in bytes, which the write's own rpc reads, and
 * whatever is wrong with it is the fault of this item alone.
 */
export interface StreamItem {
  readonly tag: number;
  /** Absent: as long as the stream lasts. */
  readonly timeout: Duration | undefined;
  /** Null when it has none. */
  readonly write: { readonly mapping: WriteMapping; readonly bytes: Uint8Array } | null;
  /** The bytes are no item; what was read of them came before the fault. */
  readonly isMalformed: boolean;
}

/** Number of `items` in ledger.v1.WriteStreamRequest. */
const ITEMS_FIELD = 1;
/** The most items of a message. */
const ITEMS_MAX = 10_000;

/**
 * Reads the message without what is inside of its items.
 *
 * @throws RangeError for more items than a message may have
 */
export function readStreamRequest(reader: BinaryReader): Uint8Array[] {
  const items: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field !== ITEMS_FIELD || wireType !== WireType.LengthDelimited) reader.skip(wireType, field);
    else if (items.push(reader.bytes()) > ITEMS_MAX) throw new RangeError(`more than ${ITEMS_MAX} items`);
  }
  return items;
}

/** Numbers of the other fields of ledger.v1.WriteStreamItem. */
const TAG_FIELD = 1;
const TIMEOUT_FIELD = 2;

/** Reads an item without what is inside of its write. Never throws. */
export function readStreamItem(bytes: Uint8Array): StreamItem {
  let tag = 0;
  let timeout: Duration | undefined;
  let write: StreamItem['write'] = null;
  let isMalformed = false;
  const reader = new BinaryReader(bytes);
  try {
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      const mapping = mappingOfStreamField(field);
      if (field === TAG_FIELD && wireType === WireType.Varint) tag = reader.uint32();
      else if (field === TIMEOUT_FIELD && wireType === WireType.LengthDelimited)
        timeout = Duration.decode(reader.bytes());
      else if (mapping !== undefined && wireType === WireType.LengthDelimited)
        write = { mapping, bytes: reader.bytes() };
      else reader.skip(wireType, field);
    }
  } catch {
    isMalformed = true;
  }
  return { tag, timeout, write, isMalformed: isMalformed || reader.pos !== reader.len };
}

/** Numbers of the fields of ledger.v1.WriteStreamResponse, and of the other ones of ledger.v1.WriteStreamResult. */
const RESULTS_FIELD = 1;
const WINDOW_FIELD = 2;
const REPLAYED_FIELD = 2;
const ERROR_FIELD = 13;
const POSITION_FIELD = 14;
/** The initial metadata of a unary call that becomes a field of its result. */
const POSITION_HEADER = 'ledger-position';

/** One result as a part of its message, which is the results one after the other and the window. */
export function encodeStreamResult({ tag, write }: StreamItem, result: CallResult): Buffer {
  const { code, replayed, headers } = result;
  const field = code === 0 && write !== null ? write.mapping.streamNumber : ERROR_FIELD;
  const writer = new BinaryWriter().tag(RESULTS_FIELD, WireType.LengthDelimited).fork();
  writer.tag(TAG_FIELD, WireType.Varint).uint32(tag);
  if (replayed) writer.tag(REPLAYED_FIELD, WireType.Varint).bool(true);
  writer.tag(field, WireType.LengthDelimited).bytes(outcomeBytes(result));
  const position = headers?.[POSITION_HEADER];
  if (position !== undefined) writer.tag(POSITION_FIELD, WireType.LengthDelimited).string(position);
  return bytesOf(writer.join());
}

/** The message with these results. */
export function encodeStreamResponse(results: readonly Buffer[], window: number): Buffer {
  return Buffer.concat([
    ...results,
    bytesOf(new BinaryWriter().tag(WINDOW_FIELD, WireType.Varint).uint32(window)),
  ]);
}

/** A status without details has no bytes in a unary call: its code is a header there. */
function outcomeBytes({ code, bytes }: CallResult): Uint8Array {
  return code !== 0 && bytes.length === 0
    ? Status.encode({ code, message: '', details: [] }).finish()
    : bytes;
}
