/** What is bought with. */
export const ASSET = 'USD/2';

/** What every user begins with: enough for any run. */
export const FIRST_BALANCE = 1_000_000_000n;

/** The id of a user by number, always as long. */
export function userOf(index: number): string {
  return `user-${index.toString().padStart(6, '0')}`;
}
