/** How many buckets the users of a ledger are divided into, for ever. */
export const BUCKETS = 1_024;

const BUCKET_BITS = 10;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The bucket of an id: FNV-1a of its bytes, 32 bits, folded to 10 bits by xor. A bucket lies in one cell as a whole, so it
 * tells where a user's rows are; ids of transactions and holds carry that of their owner. docs/buckets.md publishes it.
 *
 * @param id ASCII
 * @returns 0 to 1,023
 */
export function bucketOf(id: string): number {
  let hash = FNV_OFFSET;
  for (let at = 0; at < id.length; at += 1) hash = Math.imul(hash ^ id.charCodeAt(at), FNV_PRIME);
  return (hash ^ (hash >>> BUCKET_BITS)) & (BUCKETS - 1);
}
