import { createHash } from 'node:crypto';
import type { Entry } from '@ledger/client';
import { checkLedger } from '../support/check-ledger';
import { readLedgerRows, type EntryRow, type LedgerRows, type Queryable } from '../support/ledger-rows';
import type { Journal, SentWrite } from './journal';
import type { Model } from './model';

const METHODS = { credit: 'Credit', payPrice: 'Purchase', buyItem: 'Purchase', putItem: 'PutItem' };

/** Holds the ledger's tables against what its callers know, and against the ledger's own rules. */
export class Books {
  /** Digests of the stored answers: they never change. */
  readonly #answers = new Map<string, string>();

  constructor(private readonly journal: Journal) {}

  /** Nothing may be written meanwhile, and every write must have an answer. */
  async check(database: Queryable, model: Model): Promise<void> {
    this.journal.violations.push(...(await checkLedger(database)));
    const rows = await readLedgerRows(database);
    this.#checkRequests(rows);
    this.#checkTransactions(rows);
    this.#checkItems(rows);
    this.#checkBalances(rows, model);
    this.#checkReads(rows);
  }

  /** One row for each write that was sent, and none for anything else. */
  #checkRequests({ requests }: LedgerRows): void {
    const found = new Map(requests.map((row) => [`${row.userId} ${row.requestId}`, row]));
    for (const write of this.journal.writes) {
      const key = keyOf(write);
      const row = found.get(key);
      found.delete(key);
      const { outcome, intent } = write;
      if (outcome === undefined) continue;
      const code = outcome.type === 'refused' ? outcome.code : 0;
      const transactionId = outcome.type === 'posted' ? outcome.transaction.transactionId : null;
      const isKept =
        row?.code === code && row.transactionId === transactionId && row.method === METHODS[intent.kind];
      if (!isKept)
        this.journal.violate(write, 'is not among the requests as it was answered', { row, outcome });
      if (row === undefined) continue;
      const digest = createHash('sha256').update(row.outcome).digest('base64');
      const before = this.#answers.get(key);
      if (before !== undefined && before !== digest)
        this.journal.violate(write, 'has another stored answer', row);
      this.#answers.set(key, digest);
    }
    for (const key of found.keys()) this.#violate(`request ${key} was never sent`);
  }

  /** One transaction for each write that moved value, with the entries that were answered, and no other. */
  #checkTransactions({ transactions, entries }: LedgerRows): void {
    const found = new Map<string, string[]>();
    for (const { userId, requestId, transactionId } of transactions) {
      const key = `${userId} ${requestId}`;
      found.set(key, [...(found.get(key) ?? []), transactionId]);
    }
    const lines = new Map<string, string[]>();
    for (const row of entries) {
      const list = lines.get(row.transactionId);
      if (list === undefined) lines.set(row.transactionId, [lineOfRow(row)]);
      else list.push(lineOfRow(row));
    }
    for (const write of this.journal.writes) {
      const { outcome } = write;
      if (outcome?.type !== 'posted') continue;
      const { transactionId } = outcome.transaction;
      const ids = found.get(keyOf(write)) ?? [];
      found.delete(keyOf(write));
      if (ids.join() !== transactionId) this.journal.violate(write, `is booked ${ids.length} times`, ids);
      const stored = (lines.get(transactionId) ?? []).sort().join('\n');
      const answered = outcome.transaction.entries.map(lineOfEntry).sort().join('\n');
      if (stored !== answered) this.journal.violate(write, 'is booked otherwise', { stored, answered });
    }
    for (const key of found.keys()) this.#violate(`there is a transaction of ${key}, which moved nothing`);
  }

  #checkItems({ itemVersions }: LedgerRows): void {
    const found = new Map(itemVersions.map((row) => [`${row.itemId} ${row.version}`, row]));
    for (const write of this.journal.writes) {
      if (write.outcome?.type !== 'itemPut') continue;
      const { itemId, version, price } = write.outcome.item;
      const row = found.get(`${itemId} ${version}`);
      if (row?.price !== price) this.journal.violate(write, 'is not in the catalog', row);
      found.delete(`${itemId} ${version}`);
    }
    for (const key of found.keys()) this.#violate(`item version ${key} was never put`);
  }

  #checkBalances({ accounts }: LedgerRows, { balances }: Model): void {
    const sums = new Map<string, bigint>();
    for (const { userId, asset, balance } of accounts) {
      const key = `${userId} ${asset}`;
      sums.set(key, (sums.get(key) ?? 0n) + balance);
    }
    for (const key of new Set([...sums.keys(), ...balances.keys()])) {
      const [stored, expected] = [sums.get(key) ?? 0n, balances.get(key) ?? 0n];
      if (stored !== expected) this.#violate(`${key} has ${stored}, by the answers it is ${expected}`);
    }
  }

  /** A read shows a balance that the account had, and never one from before the latest answer. */
  #checkReads({ entries }: LedgerRows): void {
    const after = new Map(
      entries.map((row) => [`${row.userId} ${row.asset} ${row.sequence}`, row.balanceAfter]),
    );
    for (const { balance: read, atLeast } of this.journal.reads) {
      const { userId, asset, sequence, balance, held, available } = read;
      const line = `a read of ${userId} ${asset} showed ${balance} at ${sequence}`;
      const had = sequence === 0n ? 0n : after.get(`${userId} ${asset} ${sequence}`);
      if (had !== balance) this.#violate(`${line}, it was ${had ?? 'never there'}`);
      if (sequence < atLeast) this.#violate(`${line}, after ${atLeast} had been answered`);
      if (held !== 0n || available !== balance) this.#violate(`${line}, of which ${available} available`);
    }
  }

  #violate(violation: string): void {
    this.journal.violations.push(violation);
  }
}

function keyOf({ intent, requestId }: SentWrite): string {
  return `${intent.kind === 'putItem' ? '@catalog' : intent.userId} ${requestId}`;
}

function lineOfRow(row: EntryRow): string {
  const { userId, asset, stripe, sequence, kind, change, balanceAfter, createTime, hash } = row;
  return [userId, asset, stripe, sequence, kind, change, balanceAfter, createTime, hash].join(' ');
}

function lineOfEntry(entry: Entry): string {
  const { userId, asset, stripe, sequence, kind, change, balanceAfter, createTime, hash } = entry;
  const micros = (createTime?.seconds ?? 0n) * 1_000_000n + BigInt(createTime?.nanos ?? 0) / 1000n;
  const hex = Buffer.from(hash).toString('hex');
  return [userId, asset, stripe, sequence, kind, change, balanceAfter, micros, hex].join(' ');
}
