import { CanonicalBytes } from './canonical-bytes';
import { sha256 } from './sha256';
import type { Entry, TransactionHeader } from './transaction';

/** The layouts below; stored with each transaction. */
export const HASH_VERSION = 1;

/** What of a leg the digest covers: the movement itself, before it has a sequence. */
export interface DigestLeg {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly change: bigint;
}

const scratch = new CanonicalBytes();

/**
 * SHA-256 over what a transaction says.
 *
 * Layout, in canonical bytes: text `ledger.transaction`, byte version, 16 bytes transaction id, byte kind, text
 * user id, text request id, text caller, i64 create time, optional i64 effective time (both microseconds since
 * 1970), text description, text reference, u32 count of metadata and each key and value as text in order of the
 * keys (by their UTF-8 bytes), the item (byte 0, or byte 1, text item id, text name, i64 version, i64 unit price,
 * i64 quantity), the reversed transaction (byte 0, or byte 1 and 16 bytes), u32 count of legs and each leg: text
 * user id, text asset, u32 stripe, i64 change.
 */
export function transactionDigest(header: TransactionHeader, legs: readonly DigestLeg[]): Buffer {
  const out = scratch.reset().text('ledger.transaction').byte(HASH_VERSION);
  out.uuid(header.transactionId).byte(header.kind);
  out.text(header.userId).text(header.requestId).text(header.caller);
  out.i64(header.createTime).optionalI64(header.effectiveTime);
  out.text(header.description).text(header.reference).pairs(header.metadata);
  const item = header.item;
  if (item === null) out.byte(0);
  else {
    out.byte(1).text(item.itemId).text(item.name);
    out.i64(item.priceVersion).i64(item.unitPrice).i64(item.quantity);
  }
  if (header.reversesTransactionId === null) out.byte(0);
  else out.byte(1).uuid(header.reversesTransactionId);
  out.u32(legs.length);
  for (const leg of legs) out.text(leg.userId).text(leg.asset).u32(leg.stripe).i64(leg.change);
  return sha256(out.bytes());
}

/**
 * SHA-256 over an entry, chained to the one before it in its account (and stripe).
 *
 * Layout, in canonical bytes: text `ledger.entry`, byte version, 32 bytes previous hash (zeros before the first),
 * 32 bytes transaction digest, text user id, text asset, u32 stripe, i64 sequence, i64 change, i128 balance after, i128
 * debits after, optional i64 effective time (microseconds since 1970).
 */
export function entryHash(previous: Uint8Array, digest: Uint8Array, entry: Omit<Entry, 'hash'>): Buffer {
  const out = scratch.reset().text('ledger.entry').byte(HASH_VERSION).raw(previous).raw(digest);
  out.text(entry.userId).text(entry.asset).u32(entry.stripe);
  out.i64(entry.sequence).i64(entry.change).i128(entry.balanceAfter).i128(entry.debitsAfter);
  out.optionalI64(entry.effectiveTime);
  return sha256(out.bytes());
}
