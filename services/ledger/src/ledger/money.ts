/** The largest amount or balance of a user, in an asset's smallest unit: what int64 holds. */
export const INT64_MAX = 2n ** 63n - 1n;

/** The smallest balance of a user. */
export const INT64_MIN = -(2n ** 63n);

/**
 * Whether a computed amount of a user can be stored; arithmetic on bigint never wraps, so this is asked before it is
 * kept. Balances of system accounts and gross volumes have no such limit: 2^63 entries of int64 fit signed 128 bits.
 */
export function fitsInt64(amount: bigint): boolean {
  return amount <= INT64_MAX && amount >= INT64_MIN;
}

/** Whether a change can be booked, and taken back: its negation has to fit as well. */
export function isReversibleChange(change: bigint): boolean {
  return change <= INT64_MAX && change >= -INT64_MAX;
}

/** The nearest value that int64 holds. */
export function saturated(amount: bigint): bigint {
  if (amount > INT64_MAX) return INT64_MAX;
  return amount < INT64_MIN ? INT64_MIN : amount;
}
