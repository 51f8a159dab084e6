import type { AccountKey } from '../ledger/account';
import type { OutcomeReader } from '../ledger/stated-outcome';
import { countAccounts } from '../store/statements/count-accounts';
import { findOrphanHolds, listEntryKeys, type KeyRange } from '../store/statements/find-orphans';
import { readAccountRange } from '../store/statements/read-account-range';
import type { ChainEntry } from '../store/statements/read-chains';
import {
  readLegs,
  readTransactions,
  type StoredTransaction,
  type TransactionKey,
} from '../store/statements/read-stored-transactions';
import { violationAt } from './check-account';
import { checkTransaction, entryKeysOf } from './check-transaction';
import { inParts } from './in-parts';
import { FIRST_KEY, LAST_STRIPE, LAST_TEXT, type LedgerReader } from './ledger-reader';
import { ViolationList, type Violation } from './violation';
import { walkChains } from './walk-chains';
import { RequestWalk } from './walk-requests';

const ACCOUNTS_PER_RANGE = 250;
const ACCOUNTS_PER_COUNT = 50_000;
const KEYS_PER_PAGE = 1_000;
const TRANSACTIONS_PER_PAGE = 250;

/** The progress of a verification. */
export interface VerificationProgress {
  readonly accountsChecked: bigint;
  readonly accountsTotal: bigint;
  readonly entriesChecked: bigint;
}

/** What a verification found. */
export interface VerificationReport extends VerificationProgress {
  /** At most VIOLATIONS_MAX. */
  readonly violations: readonly Violation[];
  readonly truncated: boolean;
}

/**
 * Checks rules 1, 2, 3, 4 and 7 while others write, without locks and in bounded memory: the accounts are read in ranges
 * of their key, and each statement is a snapshot of its own.
 *
 * An account's row, its last sequence and its open holds are read in one statement. Its entries up to the row's
 * sequence are read afterwards, since they never change. Later writes are left to the next verification. Sums that hold
 * only within one snapshot, such as the sum of all balances, are not compared. That all entries of an asset sum to zero
 * follows from the checks of each transaction and entry: the entries of a transaction exist, belong to it and sum to
 * zero, and every entry is named by its transaction.
 *
 * @param outcomeReader reads the stored responses of requests
 * @param userId checks only this user's accounts and transactions, and the transactions of others that touch these
 *   accounts; empty: everything
 * @returns yields progress after every page, and returns the report
 */
export async function* runVerification(
  read: LedgerReader,
  outcomeReader: OutcomeReader,
  userId: string,
): AsyncGenerator<VerificationProgress, VerificationReport> {
  const walk = new Walk(read, outcomeReader, userId);
  await walk.count();
  yield walk.progress;
  let after = walk.first;
  for (;;) {
    const accounts = await read((connection) =>
      readAccountRange(connection, after, walk.last.userId, ACCOUNTS_PER_RANGE),
    );
    const end = accounts.length < ACCOUNTS_PER_RANGE ? undefined : accounts.at(-1);
    const last = end ?? walk.last;
    for await (const { entries, accountsDone } of walkChains(read, accounts, walk.found)) {
      walk.passed(accountsDone, entries.length);
      await walk.checkForeign(entries);
      yield walk.progress;
    }
    await walk.checkOrphans({ after, last });
    for await (const progress of walk.checkRequests(last.userId)) yield progress;
    if (end === undefined) break;
    after = end;
  }
  return { ...walk.progress, violations: walk.found.kept, truncated: walk.found.truncated };
}

class Walk {
  readonly found = new ViolationList();
  readonly first: AccountKey;
  readonly last: AccountKey;
  progress: VerificationProgress = { accountsChecked: 0n, accountsTotal: 0n, entriesChecked: 0n };
  private readonly requests: RequestWalk;

  constructor(
    private readonly read: LedgerReader,
    outcomeReader: OutcomeReader,
    userId: string,
  ) {
    this.requests = new RequestWalk(read, outcomeReader, this.found, userId);
    this.first = { ...FIRST_KEY, userId };
    this.last = { userId: userId === '' ? LAST_TEXT : userId, asset: LAST_TEXT, stripe: LAST_STRIPE };
  }

  async count(): Promise<void> {
    let after = this.first;
    let accountsTotal = 0n;
    for (;;) {
      const page = await this.read((connection) =>
        countAccounts(connection, after, this.last.userId, ACCOUNTS_PER_COUNT),
      );
      if (page === null) break;
      accountsTotal += page.count;
      after = page.last;
    }
    this.progress = { ...this.progress, accountsTotal };
  }

  passed(accounts: number, entries: number): void {
    const { accountsChecked, entriesChecked } = this.progress;
    this.progress = {
      ...this.progress,
      accountsChecked: accountsChecked + BigInt(accounts),
      entriesChecked: entriesChecked + BigInt(entries),
    };
  }

  /** Finds entries and open holds of accounts without a row. */
  async checkOrphans(range: KeyRange): Promise<void> {
    let { after } = range;
    for (;;) {
      const keys = await this.read((connection) =>
        listEntryKeys(connection, { ...range, after }, KEYS_PER_PAGE),
      );
      for (const key of keys) {
        if (!key.hasAccount) this.found.add(violationAt(key, 2, key.sequence, '', 'its account has no row'));
        // walkChains begins with sequence 1 and so does not see these.
        if (key.sequence < 1n)
          this.found.add(violationAt(key, 2, key.sequence, '', 'sequences begin with 1'));
      }
      const end = keys.length < KEYS_PER_PAGE ? undefined : keys.at(-1);
      if (end === undefined) break;
      after = end;
    }
    const holds = await this.read((connection) => findOrphanHolds(connection, range, KEYS_PER_PAGE));
    for (const key of holds) {
      this.found.add(
        violationAt({ ...key, stripe: 0 }, 3, 0n, '', 'it has open holds, and the account has no row'),
      );
    }
  }

  /** Checks requests and what they booked, of scopes up to and including a user, continuing where it stopped before. */
  async *checkRequests(lastUserId: string): AsyncGenerator<VerificationProgress> {
    for await (const page of this.requests.upTo(lastUserId)) {
      await this.checkTransactions(page.flatMap(({ transaction }) => transaction ?? []));
      yield this.progress;
    }
  }

  /** Checks the transactions of entries whose owners checkRequests does not cover. */
  async checkForeign(entries: readonly ChainEntry[]): Promise<void> {
    const keys = new Map<string, TransactionKey>();
    for (const { transactionId, transaction } of entries) {
      if (transaction === null || this.covers(transaction.userId)) continue;
      keys.set(`${transaction.userId}\0${transactionId}`, { userId: transaction.userId, transactionId });
    }
    const foreign = [...keys.values()];
    for (let from = 0; from < foreign.length; from += TRANSACTIONS_PER_PAGE) {
      const page = foreign.slice(from, from + TRANSACTIONS_PER_PAGE);
      await this.checkTransactions(await this.read((connection) => readTransactions(connection, page)));
    }
  }

  private async checkTransactions(transactions: readonly StoredTransaction[]): Promise<void> {
    const named = transactions.map((transaction) => ({ transaction, keys: entryKeysOf(transaction) }));
    for (const part of inParts(named, ({ keys }) => keys?.length ?? 0)) {
      const legs = await this.read((connection) =>
        readLegs(
          connection,
          part.flatMap(({ keys }) => keys ?? []),
        ),
      );
      let taken = 0;
      for (const { transaction, keys } of part) {
        const count = keys?.length ?? 0;
        for (const violation of checkTransaction(transaction, keys, legs.slice(taken, taken + count))) {
          this.found.add(violation);
        }
        taken += count;
      }
    }
  }

  private covers(owner: string): boolean {
    // Byte order, as in the database. An owner id that no caller can send may sort after the last text.
    if (this.first.userId !== '') return owner === this.first.userId;
    return Buffer.compare(Buffer.from(owner), Buffer.from(LAST_TEXT)) <= 0;
  }
}
