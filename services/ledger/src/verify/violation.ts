import type { AccountKey } from '../ledger/account';

/** The rules that are verified, by their numbers in ARCHITECTURE.md. */
export type Rule = 1 | 2 | 3 | 4 | 6 | 7;

/** A rule that does not hold somewhere. */
export interface Violation extends AccountKey {
  readonly rule: Rule;
  /** Empty, as is `asset`, when it concerns no single account. */
  readonly userId: string;
  /** The first entry concerned; 0: none. */
  readonly sequence: bigint;
  /** The transaction concerned; may be empty. */
  readonly transactionId: string;
  /** What was expected and what was found. */
  readonly detail: string;
}

/** The most violations that are kept. */
const VIOLATIONS_MAX = 1_000;

/** So that a full list fits a message, whatever somebody wrote into the columns. */
const TEXT_MAX = 500;

/** Collects violations, the first so many of them. */
export class ViolationList {
  readonly kept: Violation[] = [];
  /** There were more than are kept. */
  truncated = false;

  add(violation: Violation): void {
    if (this.kept.length >= VIOLATIONS_MAX) {
      this.truncated = true;
      return;
    }
    const { userId, asset, detail } = violation;
    this.kept.push({ ...violation, userId: cut(userId), asset: cut(asset), detail: cut(detail) });
  }
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX)}…`;
}
