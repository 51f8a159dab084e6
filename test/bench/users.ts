/** The asset that purchases pay with. */
export const ASSET = 'USD/2';

/** The initial balance of every user: enough for any run. */
export const FIRST_BALANCE = 1_000_000_000n;

/** The id of a user by number. All ids have the same length. */
export function userOf(index: number): string {
  return `user-${index.toString().padStart(6, '0')}`;
}
