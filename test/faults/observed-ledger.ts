import type { Account, Entry, Hold, PutItemRequest, Transaction } from '@ledger/client';
import { epochMicrosOf, exactSums } from './entry-line';
import type { Journal, SentWrite } from './journal';
import { scopeOf } from './write-intent';

/** A hold as the responses show it. */
export interface ObservedHold {
  /** The hold when it was placed. */
  readonly placed: Hold;
  /** The hold in each response that says it was captured or released. A correct ledger gives at most one. */
  readonly ended: Hold[];
}

/** A transaction and the write that created it. */
export interface ObservedTransaction {
  readonly write: SentWrite;
  readonly transaction: Transaction;
}

/** In epoch micros. */
const FAR_FUTURE = 2n ** 63n;

/** The state of the ledger that follows from the responses alone. Every write must have a final response. */
export class ObservedLedger {
  /** By user and asset: `ann PEEP`. Balances of system accounts are summed over all stripes. */
  readonly balances = new Map<string, bigint>();
  readonly transactions = new Map<string, ObservedTransaction>();
  readonly holds = new Map<string, ObservedHold>();
  /** The request of each item version: `tea 3`. */
  readonly items = new Map<string, PutItemRequest>();
  /** By user and asset: all settings that the account ever had. */
  readonly settings = new Map<string, Account[]>();
  /** By transaction id of a reversal: how much of the original it had to reverse. */
  readonly dueReversals = new Map<string, bigint>();
  /** By user and asset: every balance that the account ever had. */
  readonly #past = new Map<string, Set<bigint>>();

  constructor({ writes }: Pick<Journal, 'writes'>) {
    for (const write of writes) this.#take(write);
    this.#computeDueReversals();
  }

  /** Whether the account ever had this balance. */
  everHadBalance(userId: string, asset: string, balance: bigint): boolean {
    return balance === 0n || this.#past.get(`${userId} ${asset}`)?.has(balance) === true;
  }

  /**
   * The settings of an account that may have been in force at a time: the latest ones before it, and those of exactly
   * that time, whose order is unknown. Undefined stands for the defaults of an account without settings.
   */
  settingsAt(userId: string, asset: string, micros: bigint): (Account | undefined)[] {
    const all = this.settings.get(`${userId} ${asset}`) ?? [];
    const timed = all.map((account) => ({ account, time: epochMicrosOf(account.updateTime) }));
    const times = timed.map(({ time }) => time).filter((time) => time < micros);
    const latest = times.reduce((last, time) => (time > last ? time : last), 0n);
    const found = timed
      .filter(({ time }) => time === latest || time === micros)
      .map(({ account }) => account);
    return times.length === 0 ? [undefined, ...found] : found;
  }

  /** The final settings of an account. */
  latestSettings(userId: string, asset: string): (Account | undefined)[] {
    return this.settingsAt(userId, asset, FAR_FUTURE);
  }

  /** The reversals of each transaction, in the order in which they were booked. */
  reversals(): Map<string, ObservedTransaction[]> {
    const all = [...this.transactions.values()].filter(
      ({ transaction }) => transaction.reversesTransactionId !== '',
    );
    // All reversals of a transaction touch the same accounts, so the sequence of the first entry gives their order.
    all.sort((a, b) => (sequenceOf(a) < sequenceOf(b) ? -1 : 1));
    const groups = new Map<string, ObservedTransaction[]>();
    for (const each of all) {
      const original = each.transaction.reversesTransactionId;
      groups.set(original, [...(groups.get(original) ?? []), each]);
    }
    return groups;
  }

  #take(write: SentWrite): void {
    const { intent, outcome } = write;
    // The effects of a batch are in the responses of its writes.
    if (outcome?.type !== 'done' || intent.$case === 'batchWrite') return;
    const { transaction, hold, item, account } = outcome.response;
    if (transaction !== undefined) {
      this.transactions.set(transaction.transactionId, { write, transaction });
      for (const entry of transaction.entries) this.#takeEntry(entry);
    }
    if (hold !== undefined) this.#takeHold(hold, intent.$case === 'placeHold');
    if (item !== undefined && intent.$case === 'putItem') {
      this.items.set(`${item.itemId} ${item.version}`, intent.value);
    }
    if (account !== undefined) {
      const key = `${scopeOf(intent)} ${account.asset}`;
      this.settings.set(key, [...(this.settings.get(key) ?? []), account]);
    }
  }

  #takeEntry(entry: Entry): void {
    const { userId, asset, change } = entry;
    const { balanceAfter } = exactSums(entry);
    const key = `${userId} ${asset}`;
    this.balances.set(key, (this.balances.get(key) ?? 0n) + change);
    const past = this.#past.get(key) ?? new Set();
    this.#past.set(key, past.add(balanceAfter));
  }

  /** The journal may have the end of a hold before its beginning. Both identify the hold completely. */
  #takeHold(hold: Hold, isPlaced: boolean): void {
    const { placed, ended } = this.holds.get(hold.holdId) ?? { placed: hold, ended: [] };
    this.holds.set(hold.holdId, isPlaced ? { placed: hold, ended } : { placed, ended: [...ended, hold] });
  }

  #computeDueReversals(): void {
    for (const [originalId, reversals] of this.reversals()) {
      const entries = this.transactions.get(originalId)?.transaction.entries ?? [];
      let left = entries.length === 2 ? absolute(entries[0]?.change ?? 0n) : 1n;
      for (const { write, transaction } of reversals) {
        const { intent } = write;
        const asked = intent.$case === 'reverseTransaction' ? (intent.value.amount ?? 0n) : 0n;
        const taken = asked === 0n ? left : asked;
        this.dueReversals.set(transaction.transactionId, taken <= left ? taken : 0n);
        left -= taken;
      }
    }
  }
}

function sequenceOf({ transaction }: ObservedTransaction): bigint {
  return transaction.entries[0]?.sequence ?? 0n;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
