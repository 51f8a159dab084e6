import { createHash } from 'node:crypto';

/**
 * The hash layout, version 1, as the documentation states it, written without a look at the server's code: integers
 * big-endian, text as u32 length and UTF-8, an absent value as a zero byte, a present one as a one byte and the value.
 */

/** What a digest covers. Times are microseconds since 1970. */
export interface DigestedTransaction {
  readonly transactionId: string;
  readonly kind: number;
  readonly userId: string;
  readonly requestId: string;
  readonly caller: string;
  readonly createTime: bigint;
  readonly effectiveTime: bigint | null;
  readonly description: string;
  readonly reference: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly item: {
    readonly itemId: string;
    readonly name: string;
    readonly version: bigint;
    readonly unitPrice: bigint;
    readonly quantity: bigint;
  } | null;
  readonly reversesTransactionId: string | null;
}

/** What an entry's hash covers beside its digest and the hash before it. */
export interface HashedEntry {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;
  readonly sequence: bigint;
  readonly change: bigint;
  readonly balanceAfter: bigint;
  readonly debitsAfter: bigint;
  readonly effectiveTime: bigint | null;
}

/** The hash before the first entry of an account. */
export const FIRST_PREVIOUS = '00'.repeat(32);

/** The digest of a transaction with its legs in order, as hex. */
export function digestOf(
  transaction: DigestedTransaction,
  legs: readonly Pick<HashedEntry, 'userId' | 'asset' | 'stripe' | 'change'>[],
): string {
  const { item, metadata, effectiveTime, reversesTransactionId: reverses } = transaction;
  const keys = Object.keys(metadata).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sha256([
    text('ledger.transaction'),
    byte(1),
    uuid(transaction.transactionId),
    byte(transaction.kind),
    text(transaction.userId),
    text(transaction.requestId),
    text(transaction.caller),
    i64(transaction.createTime),
    optional(effectiveTime),
    text(transaction.description),
    text(transaction.reference),
    u32(keys.length),
    ...keys.flatMap((key) => [text(key), text(metadata[key] ?? '')]),
    ...(item === null
      ? [byte(0)]
      : [
          byte(1),
          text(item.itemId),
          text(item.name),
          i64(item.version),
          i64(item.unitPrice),
          i64(item.quantity),
        ]),
    reverses === null ? byte(0) : Buffer.concat([byte(1), uuid(reverses)]),
    u32(legs.length),
    ...legs.flatMap((leg) => [text(leg.userId), text(leg.asset), u32(leg.stripe), i64(leg.change)]),
  ]);
}

/** The hash of an entry, as hex. */
export function entryHashOf(previous: string, digest: string, entry: HashedEntry): string {
  return sha256([
    text('ledger.entry'),
    byte(1),
    Buffer.from(previous, 'hex'),
    Buffer.from(digest, 'hex'),
    text(entry.userId),
    text(entry.asset),
    u32(entry.stripe),
    i64(entry.sequence),
    i64(entry.change),
    i128(entry.balanceAfter),
    i128(entry.debitsAfter),
    optional(entry.effectiveTime),
  ]);
}

/** The milliseconds since 1970 that a UUIDv7 begins with, or null for another kind of UUID. */
export function uuidTime(id: string): bigint | null {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.exec(id);
  return match === null ? null : BigInt(`0x${match[1]}${match[2]}`);
}

function sha256(parts: readonly Buffer[]): string {
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex');
}

function byte(value: number): Buffer {
  return Buffer.of(value);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function i64(value: bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
}

function i128(value: bigint): Buffer {
  return Buffer.from(BigInt.asUintN(128, value).toString(16).padStart(32, '0'), 'hex');
}

function optional(value: bigint | null): Buffer {
  return value === null ? byte(0) : Buffer.concat([byte(1), i64(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u32(bytes.length), bytes]);
}

function uuid(value: string): Buffer {
  return Buffer.from(value.replaceAll('-', ''), 'hex');
}
