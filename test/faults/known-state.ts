import type { Account, Balance, Hold } from '@ledger/client';
import type { Outcome } from './outcome';
import { scopeOf, type WriteIntent } from './write-intent';

/** A transaction that may be reversed. */
export interface FoundTransaction {
  readonly owner: string;
  readonly id: string;
  /** The amount of its first entry. */
  readonly amount: bigint;
}

/** What the callers know about the ledger from the responses so far. Later writes refer to it. */
export class KnownState {
  readonly transactions: FoundTransaction[] = [];
  /** Holds, as they were placed. */
  readonly holds: Hold[] = [];
  readonly #sequences = new Map<string, bigint>();
  readonly #versions = new Map<string, bigint>();
  readonly #etags = new Map<string, readonly string[]>();

  /** The latest sequence of an account in any response; 0 when there is none. */
  latestSequence(userId: string, asset: string): bigint {
    return this.#sequences.get(`${userId} ${asset}`) ?? 0n;
  }

  /** The latest version of an item in any response; 0 when there is none. */
  latestVersion(itemId: string): bigint {
    return this.#versions.get(itemId) ?? 0n;
  }

  /** The etags of an account's settings, in the order of the responses. */
  etags(userId: string, asset: string): readonly string[] {
    return this.#etags.get(`${userId} ${asset}`) ?? [];
  }

  /** Takes in the response of a write. */
  learn(intent: WriteIntent, outcome: Outcome): void {
    if (outcome.type === 'refused') return;
    const { transaction, hold, item, account } = outcome.response;
    if (transaction !== undefined) {
      for (const entry of transaction.entries) this.recordSequence(entry);
      const [first] = transaction.entries;
      if (first !== undefined) {
        const amount = first.change < 0n ? -first.change : first.change;
        this.transactions.push({ owner: scopeOf(intent), id: transaction.transactionId, amount });
      }
    }
    if (hold !== undefined && intent.$case === 'placeHold') this.holds.push(hold);
    if (item !== undefined && item.version > this.latestVersion(item.itemId)) {
      this.#versions.set(item.itemId, item.version);
    }
    if (account !== undefined) this.#learnEtag(account);
  }

  /** Takes in the sequence of an account. */
  recordSequence({ userId, asset, sequence }: Pick<Balance, 'userId' | 'asset' | 'sequence'>): void {
    if (sequence > this.latestSequence(userId, asset)) this.#sequences.set(`${userId} ${asset}`, sequence);
  }

  #learnEtag({ userId, asset, etag }: Account): void {
    this.#etags.set(`${userId} ${asset}`, [...this.etags(userId, asset), etag]);
  }
}
