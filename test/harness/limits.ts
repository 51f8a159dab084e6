/**
 * Longer than any test. A timeout that must not matter has it, so that a machine which stands still for a while changes
 * nothing; a call that hangs meets the limit of its test. Expiries that a test moves have it too.
 */
export const AN_HOUR_MS = 3_600_000;
