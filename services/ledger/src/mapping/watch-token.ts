import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** How much of a hash a token carries: enough that another past does not have the same. */
export const ANCHOR_BYTES = 8;

/** What a resume token says of one cell. */
export interface WatchToken {
  /** The incarnation that wrote when it was made. */
  readonly incarnation: { readonly ordinal: number; readonly nonce: string; readonly startOrder: bigint };
  /**
   * The first bytes of a hash: of the entry that the position names, or else of the digest of the last transaction
   * before it. Empty before the first.
   */
  readonly anchor: Buffer;
  readonly commitOrder: bigint;
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  /** 0: before all entries of the commit order. */
  readonly sequence: bigint;
}

/** The position of a stream in each of its cells. */
export type WatchTokens = ReadonlyMap<number, WatchToken>;

/** A token's bytes: of each cell its number and its position. */
export function encodeWatchTokens(tokens: WatchTokens): Uint8Array {
  const writer = new BinaryWriter();
  for (const [cell, token] of tokens) writer.uint32(cell).bytes(encode(token));
  return writer.finish();
}

/** The positions of bytes that encodeWatchTokens made. */
export function decodeWatchTokens(bytes: Buffer): WatchTokens {
  const reader = new BinaryReader(bytes);
  const tokens = new Map<number, WatchToken>();
  while (reader.pos < reader.len) tokens.set(reader.uint32(), decode(reader.bytes()));
  return tokens;
}

/** What lies before everything of its commit order is the usual one, and short. */
function encode(token: WatchToken): Uint8Array {
  const { incarnation, anchor, commitOrder, userId, asset, stripe, sequence } = token;
  const writer = new BinaryWriter()
    .uint32(incarnation.ordinal)
    .fixed32(Number.parseInt(incarnation.nonce, 16))
    .uint64(incarnation.startOrder)
    .bytes(anchor)
    .uint64(commitOrder);
  if (sequence > 0n) writer.string(userId).string(asset).uint32(stripe).uint64(sequence);
  return writer.finish();
}

function decode(bytes: Uint8Array): WatchToken {
  const reader = new BinaryReader(bytes);
  const incarnation = {
    ordinal: reader.uint32(),
    nonce: reader.fixed32().toString(16).padStart(8, '0'),
    startOrder: BigInt(reader.uint64()),
  };
  const anchor = Buffer.from(reader.bytes());
  const before = { incarnation, anchor, commitOrder: BigInt(reader.uint64()) };
  if (reader.pos === reader.len) return { ...before, userId: '', asset: '', stripe: 0, sequence: 0n };
  const [userId, asset] = [reader.string(), reader.string()];
  return { ...before, userId, asset, stripe: reader.uint32(), sequence: BigInt(reader.uint64()) };
}
