import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

// The messages of WriteStream, around the bytes of the requests and responses of the writes themselves.

/** The numbers of the writes in WriteStreamItem and WriteStreamResult, by the methods of the client. */
export const STREAM_FIELDS: Readonly<Record<string, number>> = {
  credit: 3,
  purchase: 4,
  transfer: 5,
  postTransaction: 6,
  reverseTransaction: 7,
  placeHold: 8,
  captureHold: 9,
  releaseHold: 10,
  putItem: 11,
  updateAccount: 12,
};
const ITEMS_FIELD = 1;
const RESULTS_FIELD = 1;
const WINDOW_FIELD = 2;
const TAG_FIELD = 1;
const TIMEOUT_FIELD = 2;
const REPLAYED_FIELD = 2;
const ERROR_FIELD = 13;
const POSITION_FIELD = 14;
/** Of google.protobuf.Duration. */
const SECONDS_FIELD = 1;
const NANOS_FIELD = 2;

/** One write as it travels. */
export interface StreamedWrite {
  readonly tag: number;
  readonly timeoutMs: number;
  readonly field: number;
  /** The request. */
  readonly bytes: Uint8Array;
}

/** The message with these writes. */
export function encodeWrites(writes: readonly StreamedWrite[]): Buffer {
  const writer = new BinaryWriter();
  for (const { tag, timeoutMs, field, bytes } of writes) {
    const seconds = Math.trunc(timeoutMs / 1_000);
    writer.tag(ITEMS_FIELD, WireType.LengthDelimited).fork();
    writer.tag(TAG_FIELD, WireType.Varint).uint32(tag);
    if (timeoutMs !== Infinity) {
      writer.tag(TIMEOUT_FIELD, WireType.LengthDelimited).fork();
      writer.tag(SECONDS_FIELD, WireType.Varint).int64(seconds);
      writer
        .tag(NANOS_FIELD, WireType.Varint)
        .int32(Math.trunc((timeoutMs - seconds * 1_000) * 1_000_000))
        .join();
    }
    writer.tag(field, WireType.LengthDelimited).bytes(bytes).join();
  }
  return Buffer.from(writer.finish());
}

/** What came of one write. */
export interface StreamedResult {
  readonly tag: number;
  readonly replayed: boolean;
  readonly position: string | undefined;
  /** The response of its rpc, or a google.rpc.Status. */
  readonly bytes: Uint8Array;
  readonly isError: boolean;
}

/**
 * Reads a response.
 *
 * @throws when the bytes are none
 */
export function decodeResults(message: Uint8Array): {
  results: StreamedResult[];
  window: number | undefined;
} {
  const results: StreamedResult[] = [];
  let window: number | undefined;
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === RESULTS_FIELD && wireType === WireType.LengthDelimited) {
      results.push(decodeResult(new BinaryReader(reader.bytes())));
    } else if (field === WINDOW_FIELD && wireType === WireType.Varint) window = reader.uint32();
    else reader.skip(wireType, field);
  }
  return { results, window };
}

function decodeResult(reader: BinaryReader): StreamedResult {
  let [tag, replayed, isError] = [0, false, false];
  let position: string | undefined;
  let bytes: Uint8Array = new Uint8Array();
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === TAG_FIELD && wireType === WireType.Varint) tag = reader.uint32();
    else if (field === REPLAYED_FIELD && wireType === WireType.Varint) replayed = reader.bool();
    else if (field === POSITION_FIELD && wireType === WireType.LengthDelimited) position = reader.string();
    else if (wireType === WireType.LengthDelimited) {
      bytes = reader.bytes();
      isError = field === ERROR_FIELD;
    } else reader.skip(wireType, field);
  }
  return { tag, replayed, position, bytes, isError };
}
