import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** How much of a hash a token carries: enough that another past does not have the same. */
export const ANCHOR_BYTES = 8;

/** What a resume token says. */
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

/** A token's bytes. What lies before everything of its commit order is the usual one, and short. */
export function encodeWatchToken(token: WatchToken): Uint8Array {
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

/** The token of bytes that encodeWatchToken made. */
export function decodeWatchToken(bytes: Buffer): WatchToken {
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
