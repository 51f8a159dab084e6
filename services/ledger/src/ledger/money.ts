/** The largest amount or balance, in an asset's smallest unit: what int64 holds. */
export const INT64_MAX = 2n ** 63n - 1n;

/** The smallest balance. */
export const INT64_MIN = -(2n ** 63n);

/** Whether a computed amount can be stored; arithmetic on bigint never wraps, so this is asked before it is kept. */
export function fitsInt64(amount: bigint): boolean {
  return amount <= INT64_MAX && amount >= INT64_MIN;
}
