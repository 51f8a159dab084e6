import type { AccountKey } from '../ledger/account';
import type { Placement } from '../ledger/placement';
import type { OutcomeReader } from '../ledger/stated-outcome';
import { countAccounts } from '../store/statements/count-accounts';
import { findOrphanHolds, listEntryKeys, type KeyRange } from '../store/statements/find-orphans';
import { readAccountRange } from '../store/statements/read-account-range';
import type { ChainEntry } from '../store/statements/read-chains';
import {
  readTransactions,
  type StoredTransaction,
  type TransactionKey,
} from '../store/statements/read-stored-transactions';
import type { StoredRequest } from '../store/statements/read-stored-requests';
import { violationAt } from './check-account';
import { checkTransaction, entryKeysOf } from './check-transaction';
import { compareCatalogs } from './compare-catalogs';
import { inParts } from './in-parts';
import { FIRST_KEY, LAST_STRIPE, LAST_TEXT, readerIn, type LedgerReader } from './ledger-reader';
import { readLegsOver } from './read-legs-over';
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
 * Each cell is walked by itself; what a transaction books in other cells is looked up there by key, and its rows in all
 * cells are compared.
 *
 * @param outcomeReader reads the stored responses of requests
 * @param userId checks only this user's accounts and transactions, and the transactions of others that touch these
 *   accounts; empty: everything
 * @returns yields progress after every page, and returns the report
 */
export async function* runVerification(
  read: LedgerReader,
  placement: Placement,
  outcomeReader: OutcomeReader,
  userId: string,
): AsyncGenerator<VerificationProgress, VerificationReport> {
  const tally = new Tally();
  const cells = userId === '' ? placement.cells : placement.ofAccount(userId);
  const walks = cells.map((cell) => new Walk({ read, placement, cell, outcomeReader, userId, tally }));
  for (const walk of walks) await walk.count();
  yield tally.progress;
  for (const walk of walks) yield* walk.run();
  if (userId === '') await compareCatalogs(read, placement, tally.found);
  return { ...tally.progress, violations: tally.found.kept, truncated: tally.found.truncated };
}

/** What was found in all cells. */
class Tally {
  readonly found = new ViolationList();
  progress: VerificationProgress = { accountsChecked: 0n, accountsTotal: 0n, entriesChecked: 0n };

  passed(accounts: number, entries: number): void {
    const { accountsChecked, entriesChecked } = this.progress;
    this.progress = {
      ...this.progress,
      accountsChecked: accountsChecked + BigInt(accounts),
      entriesChecked: entriesChecked + BigInt(entries),
    };
  }
}

/** What one cell is walked with. */
interface WalkParts {
  readonly read: LedgerReader;
  readonly placement: Placement;
  readonly cell: number;
  readonly outcomeReader: OutcomeReader;
  readonly userId: string;
  readonly tally: Tally;
}

class Walk {
  private readonly first: AccountKey;
  private readonly last: AccountKey;
  private readonly here: LedgerReader;
  private readonly found: ViolationList;
  private readonly requests: RequestWalk;

  constructor(private readonly parts: WalkParts) {
    const { read, placement, cell, outcomeReader, userId, tally } = parts;
    this.found = tally.found;
    this.here = readerIn(read, cell);
    this.requests = new RequestWalk(read, placement, cell, outcomeReader, this.found, userId);
    this.first = { ...FIRST_KEY, userId };
    this.last = { userId: userId === '' ? LAST_TEXT : userId, asset: LAST_TEXT, stripe: LAST_STRIPE };
  }

  async count(): Promise<void> {
    const { tally } = this.parts;
    let after = this.first;
    for (;;) {
      const page = await this.here((connection) =>
        countAccounts(connection, after, this.last.userId, ACCOUNTS_PER_COUNT),
      );
      if (page === null) return;
      const accountsTotal = tally.progress.accountsTotal + page.count;
      tally.progress = { ...tally.progress, accountsTotal };
      after = page.last;
    }
  }

  async *run(): AsyncGenerator<VerificationProgress> {
    const { tally } = this.parts;
    let after = this.first;
    for (;;) {
      const accounts = await this.here((connection) =>
        readAccountRange(connection, after, this.last.userId, ACCOUNTS_PER_RANGE),
      );
      const end = accounts.length < ACCOUNTS_PER_RANGE ? undefined : accounts.at(-1);
      const last = end ?? this.last;
      this.checkPlaces(accounts);
      for await (const { entries, accountsDone } of walkChains(this.here, accounts, this.found)) {
        tally.passed(accountsDone, entries.length);
        await this.checkForeign(entries);
        yield tally.progress;
      }
      await this.checkOrphans({ after, last });
      for await (const progress of this.checkRequests(last.userId)) yield progress;
      if (end === undefined) return;
      after = end;
    }
  }

  /** Finds accounts that lie where nobody looks for them. */
  private checkPlaces(accounts: readonly AccountKey[]): void {
    const { placement, cell } = this.parts;
    for (const account of accounts) {
      const own = placement.ofRow(account);
      if (own === cell) continue;
      this.found.add(violationAt(account, 2, 0n, '', `it lies in cell ${cell} and belongs to cell ${own}`));
    }
  }

  /** Finds entries and open holds of accounts without a row. */
  private async checkOrphans(range: KeyRange): Promise<void> {
    let { after } = range;
    for (;;) {
      const keys = await this.here((connection) =>
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
    const holds = await this.here((connection) => findOrphanHolds(connection, range, KEYS_PER_PAGE));
    for (const key of holds) {
      this.found.add(
        violationAt({ ...key, stripe: 0 }, 3, 0n, '', 'it has open holds, and the account has no row'),
      );
    }
  }

  /** Checks requests and what they booked, of scopes up to and including a user, continuing where it stopped before. */
  private async *checkRequests(lastUserId: string): AsyncGenerator<VerificationProgress> {
    for await (const { own, copies } of this.requests.upTo(lastUserId)) {
      await this.checkTransactions(own.flatMap(({ transaction }) => transaction ?? []));
      await this.checkCopies(copies);
      yield this.parts.tally.progress;
    }
  }

  /** Checks the transactions of entries whose owners checkRequests does not cover. */
  private async checkForeign(entries: readonly ChainEntry[]): Promise<void> {
    const keys = new Map<string, TransactionKey>();
    for (const { transactionId, transaction } of entries) {
      if (transaction === null || this.covers(transaction.userId)) continue;
      keys.set(`${transaction.userId}\0${transactionId}`, { userId: transaction.userId, transactionId });
    }
    const foreign = [...keys.values()];
    for (let from = 0; from < foreign.length; from += TRANSACTIONS_PER_PAGE) {
      const page = foreign.slice(from, from + TRANSACTIONS_PER_PAGE);
      await this.checkTransactions(await this.readAtHome(page));
    }
  }

  private async readAtHome(keys: readonly TransactionKey[]): Promise<StoredTransaction[]> {
    const { read, placement } = this.parts;
    const found: StoredTransaction[] = [];
    for (const [cell, own] of placement.byCell(keys, ({ userId }) => placement.ofUser(userId))) {
      found.push(...(await readerIn(read, cell)((connection) => readTransactions(connection, own))));
    }
    return found;
  }

  /** Compares the rows that requests of other cells have here with those in their own. */
  private async checkCopies(copies: readonly StoredRequest[]): Promise<void> {
    if (copies.length === 0) return;
    const booked = copies.flatMap(({ transaction }) => transaction ?? []);
    const originals = new Map(
      (await this.readAtHome(booked)).map((row) => [`${row.userId}\0${row.transactionId}`, row]),
    );
    for (const { userId, requestId, transaction } of copies) {
      const id = transaction?.transactionId ?? '';
      const original = originals.get(`${userId}\0${id}`);
      if (transaction !== null && original !== undefined && contentOf(original) === contentOf(transaction))
        continue;
      const why = original === undefined ? 'is missing in its own cell' : 'differs from that in its own cell';
      const detail = `the row of request ${requestId} in cell ${this.parts.cell} ${why}`;
      this.found.add(violationAt({ userId, asset: '', stripe: 0 }, 1, 0n, id, detail));
    }
  }

  private async checkTransactions(transactions: readonly StoredTransaction[]): Promise<void> {
    const named = transactions.map((transaction) => ({ transaction, keys: entryKeysOf(transaction) }));
    for (const part of inParts(named, ({ keys }) => keys?.length ?? 0)) {
      const legs = await readLegsOver(
        this.parts.read,
        this.parts.placement,
        part.flatMap(({ keys }) => keys ?? []),
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

/** What a transaction's rows say alike in every cell. */
function contentOf(transaction: StoredTransaction): string {
  return JSON.stringify(transaction, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}
