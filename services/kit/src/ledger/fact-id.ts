import { createHash } from 'node:crypto';

const LENGTH = 32;

/**
 * The id of a business fact, always the same for the same parts: 32 digits and letters from A to F. Whoever makes
 * something in a retry makes it under the id that it got the first time.
 */
export function factId(...parts: readonly string[]): string {
  // JSON, so that ['a', 'bc'] and ['ab', 'c'] are two facts.
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return hash.slice(0, LENGTH).toUpperCase();
}
