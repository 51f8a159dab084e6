import { digestOf, entryHashOf, FIRST_PREVIOUS } from './ledger-layout';
import { readLedgerRows, type EntryRow, type TransactionRow } from './ledger-rows';
import type { OpenDatabase } from './test-database';

const TABLES = ['accounts', 'entries', 'holds', 'requests', 'item_versions'];

/** Runs SQL as the owner of the tables, who switches their triggers off. */
export async function tamper(database: OpenDatabase, sql: string): Promise<void> {
  const off = TABLES.map((table) => `ALTER TABLE ledger.${table} DISABLE TRIGGER USER`);
  const on = TABLES.flatMap((table) =>
    ['rewriting', 'truncate'].map(
      (what) => `ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER ${table}_refuse_${what}`,
    ),
  );
  await database.query([...off, sql, ...on].join(';\n'));
}

/** Keeps the books as they are; the function that it returns brings them back. */
export async function keepBooks(database: OpenDatabase): Promise<() => Promise<void>> {
  await database.query('CREATE SCHEMA kept');
  await database.query(
    TABLES.map((table) => `CREATE TABLE kept.${table} AS TABLE ledger.${table}`).join(';'),
  );
  const back = TABLES.map(
    (table) => `DELETE FROM ledger.${table}; INSERT INTO ledger.${table} TABLE kept.${table}`,
  );
  return () => tamper(database, back.join(';'));
}

/** What of the seals is made anew. */
export interface Reseal {
  /** Accounts, by their users. */
  readonly users: (userId: string) => boolean;
  readonly digests: boolean;
}

/**
 * Recomputes what the changes in the entries lead to: balances after each, digests, hashes to the end of each chain
 * and the accounts' rows.
 */
export async function reseal(database: OpenDatabase, { users, digests }: Reseal): Promise<void> {
  const { accounts, entries, transactions } = await readLedgerRows(database);
  const sealed = new Map(
    transactions.map((row) => [row.transactionId, digests ? newDigest(row, entries) : row.digest]),
  );
  const statements = transactions.map(
    ({ transactionId }) =>
      `UPDATE ledger.transactions SET digest = '\\x${sealed.get(transactionId) ?? ''}'
        WHERE transaction_id = '${transactionId}'`,
  );
  for (const account of accounts) {
    if (!users(account.userId)) continue;
    const key = `user_id = '${account.userId}' AND asset = '${account.asset}' AND stripe = ${account.stripe}`;
    let hash = FIRST_PREVIOUS;
    let balance = 0n;
    let debits = 0n;
    for (const entry of entries.filter((row) => isOf(row, account))) {
      balance += entry.change;
      if (entry.change < 0n) debits -= entry.change;
      hash = entryHashOf(hash, sealed.get(entry.transactionId) ?? '', {
        ...{ ...entry, balanceAfter: balance, debitsAfter: debits },
      });
      statements.push(
        `UPDATE ledger.entries SET balance_after = ${balance}, debits_after = ${debits}, hash = '\\x${hash}'
          WHERE ${key} AND sequence = ${entry.sequence}`,
      );
    }
    statements.push(
      `UPDATE ledger.accounts SET balance = ${balance}, debits = ${debits}, last_hash = '\\x${hash}' WHERE ${key}`,
    );
  }
  await tamper(database, statements.join(';\n'));
}

function newDigest(transaction: TransactionRow, entries: readonly EntryRow[]): string {
  const { itemId, itemName: name, priceVersion: version, unitPrice, quantity } = transaction;
  const item =
    itemId !== null && name !== null && version !== null && unitPrice !== null && quantity !== null
      ? { itemId, name, version, unitPrice, quantity }
      : null;
  const legs = transaction.entryKeys.flatMap(([userId, asset, stripe, sequence]) =>
    entries.filter((row) => isOf(row, { userId, asset, stripe }) && row.sequence === BigInt(sequence)),
  );
  return digestOf({ ...transaction, item }, legs);
}

function isOf(entry: EntryRow, key: { userId: string; asset: string; stripe: number }): boolean {
  return entry.userId === key.userId && entry.asset === key.asset && entry.stripe === key.stripe;
}
