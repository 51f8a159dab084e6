/** What signed 128 bits hold, which is what the hash has room for. */
const INT128_MAX = 2n ** 127n - 1n;

const INT64_MAX = 2n ** 63n - 1n;

/**
 * Condition on a numeric column with a balance: whole, and of a user within int64. A system account has no limit of its
 * own; 2^63 entries of int64 do not reach the bounds here, which keep out NaN and infinity.
 */
export function wholeBalance(column: string): string {
  return `scale(${column}) = 0 AND CASE WHEN user_id LIKE '@%' THEN ${column} BETWEEN -${INT128_MAX} AND ${INT128_MAX}
        ELSE ${column} BETWEEN ${-INT64_MAX - 1n} AND ${INT64_MAX} END`;
}

/** Condition on a numeric column with a sum of amounts: whole and not negative. */
export function wholeSum(column: string): string {
  return `scale(${column}) = 0 AND ${column} BETWEEN 0 AND ${INT128_MAX}`;
}
