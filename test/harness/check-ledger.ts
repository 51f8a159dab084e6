import { digestOf, entryHashOf, FIRST_PREVIOUS, uuidTime } from './ledger-layout';
import {
  readLedgerRows,
  type AccountRow,
  type EntryRow,
  type LedgerRows,
  type Queryable,
  type TransactionRow,
} from './ledger-rows';

/**
 * Checks a ledger that nobody writes to at the moment against the rules that always hold (numbers as in
 * ARCHITECTURE.md), from its rows alone: nothing of the server's code is used.
 *
 * @returns what is wrong, in words, beginning with the rule; empty when all is well
 */
export async function checkLedger(database: Queryable): Promise<string[]> {
  const rows = await readLedgerRows(database);
  return [
    ...checkSums(rows),
    ...checkAccounts(rows),
    ...checkHolds(rows),
    ...checkRequests(rows),
    ...checkTransactions(rows),
    ...checkReversals(rows),
    ...checkItems(rows),
    ...checkCells(rows),
  ];
}

const PURCHASE = 2;
const REVERSAL = 5;

/** What moves something whenever it succeeds. */
const MOVING = ['Credit', 'Purchase', 'Transfer', 'PostTransaction', 'ReverseTransaction', 'CaptureHold'];

/** Rule 1 for whole assets; checkTransactions has it for each transaction. */
function* checkSums({ entries, accounts }: LedgerRows): Generator<string> {
  for (const [asset, sum] of sumBy(
    entries,
    (entry) => entry.asset,
    (entry) => entry.change,
  )) {
    if (sum !== 0n) yield `rule 1: all entries of ${asset} sum to ${sum}`;
  }
  for (const [asset, sum] of sumBy(
    accounts,
    (account) => account.asset,
    (account) => account.balance,
  )) {
    if (sum !== 0n) yield `rule 1: all balances of ${asset} sum to ${sum}`;
  }
}

/** Rules 2, 3 and 7 along each account. */
function* checkAccounts({ accounts, entries, transactionRows }: LedgerRows): Generator<string> {
  const byId = new Map(transactionRows.map((row) => [`${row.cell} ${row.transactionId}`, row]));
  const chains = groupBy(entries, keyOf);
  for (const account of accounts) {
    yield* checkChain(account, chains.get(keyOf(account)) ?? [], byId);
    chains.delete(keyOf(account));
  }
  for (const key of chains.keys()) yield `rule 2: account ${key} has entries and no row`;
}

function* checkChain(
  account: AccountRow,
  chain: readonly EntryRow[],
  transactions: ReadonlyMap<string, TransactionRow>,
): Generator<string> {
  const key = keyOf(account);
  const isUser = !account.userId.startsWith('@');
  let before = {
    ...{
      sequence: 0n,
      balance: 0n,
      debits: 0n,
      hash: FIRST_PREVIOUS,
      time: null as bigint | null,
      order: 0n,
    },
  };
  for (const entry of chain) {
    const line = `entry ${entry.sequence} of ${key}`;
    const transaction = transactions.get(`${entry.cell} ${entry.transactionId}`);
    if (entry.sequence !== before.sequence + 1n) yield `rule 2: ${line} follows ${before.sequence}`;
    if (entry.balanceAfter !== before.balance + entry.change) {
      yield `rule 2: ${line} changes ${before.balance} by ${entry.change} to ${entry.balanceAfter}`;
    }
    const debit = entry.change < 0n ? -entry.change : 0n;
    if (entry.debitsAfter !== before.debits + debit) {
      yield `rule 2: ${line} takes ${debit} after ${before.debits}, which makes ${entry.debitsAfter}`;
    }
    // Settings that never changed mean a minimum of zero at all times.
    if (isUser && account.settingsVersion === 0n && entry.balanceAfter < 0n) {
      yield `rule 3: ${line} leaves ${entry.balanceAfter}`;
    }
    if (before.time !== null && entry.createTime < before.time) yield `time runs backwards at ${line}`;
    if (transaction === undefined) yield `rule 1: ${line} has no transaction`;
    else {
      if (transaction.commitOrder < before.order) yield `commit order falls at ${line}`;
      const hash = entryHashOf(before.hash, transaction.digest, entry);
      if (hash !== entry.hash) yield `rule 7: ${line} has the hash ${entry.hash}, not ${hash}`;
    }
    const order = transaction?.commitOrder ?? before.order;
    before = {
      ...{
        sequence: entry.sequence,
        balance: entry.balanceAfter,
        debits: entry.debitsAfter,
        hash: entry.hash,
      },
      ...{ time: entry.createTime, order },
    };
  }
  const row = [
    account.sequence,
    account.balance,
    account.debits,
    account.lastHash,
    account.lastEntryTime,
  ].join();
  const last = [before.sequence, before.balance, before.debits, before.hash, before.time].join();
  if (row !== last) yield `rule 2: account ${key} is at ${row}, its entries end at ${last}`;
  if (chain.length > 0 && account.commitOrder !== before.order) {
    yield `commit order of account ${key} is ${account.commitOrder}, of its last entry ${before.order}`;
  }
  if (isUser && account.balance - account.held < account.minBalance) {
    yield `rule 3: account ${key} has ${account.balance} - ${account.held}, less than ${account.minBalance}`;
  }
}

function* checkHolds({ accounts, openHolds }: LedgerRows): Generator<string> {
  const held = new Map(openHolds.map((sum) => [`${sum.userId} ${sum.asset}`, sum.amount]));
  for (const { userId, asset, held: stored } of accounts) {
    const sum = held.get(`${userId} ${asset}`) ?? 0n;
    held.delete(`${userId} ${asset}`);
    if (stored !== sum && !userId.startsWith('@')) {
      yield `rule 3: account ${userId} ${asset} has ${stored} held, its open holds are ${sum}`;
    }
  }
  for (const key of held.keys()) yield `rule 3: account ${key} has holds and no row`;
}

/** Rule 4: a transaction belongs to one finished request, whose stored answer names it. */
function* checkRequests({ requests }: LedgerRows): Generator<string> {
  for (const { userId, requestId, method, code, outcome, transactionId } of requests) {
    const line = `request ${userId} ${requestId}`;
    if (transactionId === null) {
      if (code === 0 && MOVING.includes(method)) yield `rule 4: ${line} moved nothing`;
      continue;
    }
    if (code !== 0) yield `rule 4: ${line} failed and has a transaction`;
    if (!outcome.includes(Buffer.from(transactionId).toString('hex'))) {
      yield `rule 4: the stored answer of ${line} does not name its transaction`;
    }
  }
}

/** Rules 1 and 7 within each transaction. */
function* checkTransactions({ transactions, entries }: LedgerRows): Generator<string> {
  const byTransaction = groupBy(entries, (entry) => entry.transactionId);
  for (const transaction of transactions) {
    const line = `transaction ${transaction.transactionId}`;
    const found = new Map(
      (byTransaction.get(transaction.transactionId) ?? []).map((entry) => [
        `${keyOf(entry)} ${entry.sequence}`,
        entry,
      ]),
    );
    const legs = transaction.entryKeys.flatMap((key) => found.get(key.join(' ')) ?? []);
    if (legs.length !== transaction.entryKeys.length || found.size !== legs.length) {
      yield `rule 1: ${line} names ${transaction.entryKeys.length} entries, of ${found.size} it has ${legs.length}`;
    }
    for (const [asset, sum] of sumBy(
      legs,
      (leg) => leg.asset,
      (leg) => leg.change,
    )) {
      if (sum !== 0n) yield `rule 1: ${line} sums to ${sum} ${asset}`;
    }
    if (new Set(legs.map(keyOf)).size !== legs.length) yield `rule 1: ${line} has two entries of one account`;
    const { createTime, effectiveTime, kind } = transaction;
    if (
      legs.some(
        (leg) => leg.createTime !== createTime || leg.effectiveTime !== effectiveTime || leg.kind !== kind,
      )
    ) {
      yield `rule 1: ${line} and its entries differ in time or kind`;
    }
    if (!legs.some((leg) => leg.userId === transaction.userId))
      yield `rule 1: ${line} does not concern its owner`;
    const digest = digestOf({ ...transaction, item: snapshotOf(transaction) }, legs);
    if (transaction.hashVersion !== 1 || transaction.digest !== digest) {
      yield `rule 7: ${line} has the digest ${transaction.digest}, not ${digest}`;
    }
    if (uuidTime(transaction.transactionId) !== transaction.createTime / 1000n) {
      yield `${line} is not named for its time ${transaction.createTime}`;
    }
  }
}

/** A reversal goes back through the accounts and stripes of its original; all of them take back no more than that moved. */
function* checkReversals({ transactions, entries }: LedgerRows): Generator<string> {
  const byId = new Map(transactions.map((transaction) => [transaction.transactionId, transaction]));
  const byTransaction = groupBy(entries, (entry) => entry.transactionId);
  const changesOf = (transactionId: string): Map<string, bigint> =>
    new Map((byTransaction.get(transactionId) ?? []).map((entry) => [keyOf(entry), entry.change]));
  const left = new Map<string, Map<string, bigint>>();
  for (const { transactionId, kind, userId, reversesTransactionId: originalId } of transactions) {
    if (originalId === null) {
      if (kind === REVERSAL) yield `reversal ${transactionId} names no original`;
      continue;
    }
    const line = `reversal ${transactionId} of ${originalId}`;
    const original = byId.get(originalId);
    if (original?.userId !== userId || kind !== REVERSAL || original.kind === REVERSAL) {
      yield `${line} is not one of its owner's movements`;
      continue;
    }
    const rest = left.get(originalId) ?? changesOf(originalId);
    left.set(originalId, rest);
    const taken = changesOf(transactionId);
    if ([...taken.keys()].sort().join() !== [...rest.keys()].sort().join())
      yield `${line} has other accounts`;
    for (const [key, change] of taken) {
      const before = rest.get(key) ?? 0n;
      rest.set(key, before + change);
      if (change > 0n === before > 0n || (before + change) * before < 0n) {
        yield `${line} takes ${change} of ${before} back on ${key}`;
      }
    }
    if (rest.size > 2 && [...rest.values()].some((change) => change !== 0n)) yield `${line} is not whole`;
  }
}

/** Versions of items, and what was paid for them. */
function* checkItems({ itemVersions, transactions, entries }: LedgerRows): Generator<string> {
  const versions = new Map(itemVersions.map((item) => [`${item.itemId} ${item.version}`, item]));
  for (const { itemId, version, createTime } of itemVersions) {
    if (version === 1n) continue;
    const before = versions.get(`${itemId} ${version - 1n}`);
    if (before === undefined) yield `version ${version} of item ${itemId} follows none`;
    else if (before.createTime > createTime)
      yield `version ${version} of item ${itemId} is older than the one before`;
  }
  const byTransaction = groupBy(entries, (entry) => entry.transactionId);
  for (const transaction of transactions) {
    const snapshot = snapshotOf(transaction);
    if (transaction.kind !== PURCHASE || snapshot === null || snapshot.version === 0n) continue;
    const line = `purchase ${transaction.transactionId}`;
    const item = versions.get(`${snapshot.itemId} ${snapshot.version}`);
    if (
      item?.price !== snapshot.unitPrice ||
      item.name !== snapshot.name ||
      item.createTime > transaction.createTime
    ) {
      yield `${line} keeps a snapshot that is not version ${snapshot.version} of item ${snapshot.itemId}`;
      continue;
    }
    const expected = new Map([[item.asset, -item.price * snapshot.quantity]]);
    if (item.grantAsset !== '') expected.set(item.grantAsset, snapshot.quantity);
    const own = (byTransaction.get(transaction.transactionId) ?? []).filter(
      (entry) => entry.userId === transaction.userId,
    );
    if (own.length !== expected.size || own.some((entry) => expected.get(entry.asset) !== entry.change)) {
      yield `${line} does not book what version ${item.version} of item ${item.itemId} costs and grants`;
    }
  }
}

/** What lies in several cells says the same in each, and what lies in one lies in no other. */
function* checkCells({ accounts, entries, transactionRows, itemVersionRows }: LedgerRows): Generator<string> {
  const cellsOf = groupBy(entries, (entry) => entry.transactionId);
  const contents = new Map<string, string>();
  for (const { cell, commitOrder, ...content } of transactionRows) {
    const line = `transaction ${content.transactionId}`;
    const own = cellsOf.get(content.transactionId) ?? [];
    if (!own.some((entry) => entry.cell === cell)) yield `${line} has a row in cell ${cell} and no entry`;
    const text = textOf(content);
    const other = contents.get(`${content.userId} ${content.transactionId}`);
    if (other !== undefined && other !== text) yield `${line} differs in cell ${cell}, order ${commitOrder}`;
    contents.set(`${content.userId} ${content.transactionId}`, text);
  }
  for (const [key, rows] of groupBy(accounts, keyOf)) {
    if (rows.length > 1) yield `account ${key} lies in ${rows.length} cells`;
    for (const { userId, stripe, cell } of rows) {
      if (userId.startsWith('@') && Math.floor(stripe / 64) !== cell) yield `${key} lies in cell ${cell}`;
    }
  }
  for (const rows of groupBy(itemVersionRows, ({ itemId, version }) => `${itemId} ${version}`).values()) {
    const texts = new Set(rows.map((row) => textOf({ ...row, cell: 0 })));
    if (texts.size > 1) yield `item ${rows[0]?.itemId} differs between cells`;
  }
  const counts = new Set(groupBy(itemVersionRows, ({ cell }) => `${cell}`).values());
  const sizes = new Set([...counts].map((rows) => rows.length));
  if (sizes.size > 1) yield `the cells have ${[...sizes].join(' and ')} versions of items`;
}

function textOf(row: object): string {
  return JSON.stringify(row, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function snapshotOf(transaction: TransactionRow): Parameters<typeof digestOf>[0]['item'] {
  const { itemId, itemName: name, priceVersion: version, unitPrice, quantity } = transaction;
  if (itemId === null || name === null || version === null || unitPrice === null || quantity === null)
    return null;
  return { itemId, name, version, unitPrice, quantity };
}

function keyOf({ userId, asset, stripe }: Pick<EntryRow, 'userId' | 'asset' | 'stripe'>): string {
  return `${userId} ${asset} ${stripe}`;
}

function groupBy<T>(values: readonly T[], keyOfValue: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOfValue(value));
    if (group === undefined) groups.set(keyOfValue(value), [value]);
    else group.push(value);
  }
  return groups;
}

function sumBy<T>(
  values: readonly T[],
  keyOfValue: (value: T) => string,
  amountOf: (value: T) => bigint,
): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const value of values)
    sums.set(keyOfValue(value), (sums.get(keyOfValue(value)) ?? 0n) + amountOf(value));
  return sums;
}
