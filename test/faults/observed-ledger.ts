import type { Account, Entry, Hold, PutItemRequest, Transaction } from '@ledger/client';
import { epochMicrosOf } from './entry-line';
import type { Journal, SentWrite } from './journal';
import { scopeOf } from './write-intent';

/** A hold, by the answers. */
export interface ObservedHold {
  /** As it was placed. */
  readonly placed: Hold;
  /** As it was captured or released; each time that somebody was told so. */
  readonly ended: Hold[];
}

/** A transaction and the write that made it. */
export interface ObservedTransaction {
  readonly write: SentWrite;
  readonly transaction: Transaction;
}

/** In microseconds. */
const FAR_FUTURE = 2n ** 63n;

/** The ledger as it must be by the answers that its callers got, and by nothing else. Every write must have one. */
export class ObservedLedger {
  /** By user and asset: `ann PEEP`; of system accounts over all stripes. */
  readonly balances = new Map<string, bigint>();
  readonly transactions = new Map<string, ObservedTransaction>();
  readonly holds = new Map<string, ObservedHold>();
  /** What was put as a version: `tea 3`. */
  readonly items = new Map<string, PutItemRequest>();
  /** By user and asset, all that the settings ever were. */
  readonly settings = new Map<string, Account[]>();
  /** How much of its original each reversal had to take back, by its own transaction id. */
  readonly dueReversals = new Map<string, bigint>();
  /** Every balance that an account ever had. */
  readonly #past = new Map<string, Set<bigint>>();

  constructor({ writes }: Pick<Journal, 'writes'>) {
    for (const write of writes) this.#take(write);
    this.#settleReversals();
  }

  /** Whether the account ever had this balance. */
  everHadBalance(userId: string, asset: string, balance: bigint): boolean {
    return balance === 0n || this.#past.get(`${userId} ${asset}`)?.has(balance) === true;
  }

  /**
   * The settings of an account that may have been in force at a moment: those before it, and those of that very moment,
   * whose order nobody can tell. Undefined stands for those of an account that had none yet.
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

  /** The settings that an account was left with. */
  latestSettings(userId: string, asset: string): (Account | undefined)[] {
    return this.settingsAt(userId, asset, FAR_FUTURE);
  }

  /** Reversals of each transaction, in the order in which they were booked. */
  reversals(): Map<string, ObservedTransaction[]> {
    const all = [...this.transactions.values()].filter(
      ({ transaction }) => transaction.reversesTransactionId !== '',
    );
    // A reversal goes through the rows of its original, so its first entry tells the order.
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
    // What a batch did is told by its writes.
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

  #takeEntry({ userId, asset, change, balanceAfter }: Entry): void {
    const key = `${userId} ${asset}`;
    this.balances.set(key, (this.balances.get(key) ?? 0n) + change);
    const past = this.#past.get(key) ?? new Set();
    this.#past.set(key, past.add(balanceAfter));
  }

  /** The journal may know of an end before it knows of the beginning: all that identifies a hold is in both. */
  #takeHold(hold: Hold, isPlaced: boolean): void {
    const { placed, ended } = this.holds.get(hold.holdId) ?? { placed: hold, ended: [] };
    this.holds.set(hold.holdId, isPlaced ? { placed: hold, ended } : { placed, ended: [...ended, hold] });
  }

  #settleReversals(): void {
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
