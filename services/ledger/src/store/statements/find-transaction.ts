import type { EntryKind, Transaction } from '../../ledger/transaction';
import { metadataOf, microsOf } from '../pg/column-values';
import { compareText } from '../../ledger/lock-keys';
import type { Placement } from '../../ledger/placement';
import { query, type Connection } from '../pg/connection';
import { inCell } from '../pg/in-cell';
import { findEntries } from './list-entries';

const columns = `
           t.user_id, t.transaction_id, t.kind, t.request_id, t.caller, ${microsOf('t.create_time')},
           ${microsOf('t.effective_time')}, t.description, t.reference, t.metadata, t.item_id, t.item_name,
           t.price_version, t.unit_price, t.quantity, t.reverses_transaction_id, t.entry_keys, t.digest`;

// The two ways to one transaction use two indexes, so they are two statements.
const findTransactionStatement = {
  name: 'find_transaction',
  text: `SELECT ${columns} FROM ledger.transactions t WHERE t.transaction_id = $1`,
};
const findOwnTransactionStatement = {
  name: 'find_own_transaction',
  text: `SELECT ${columns} FROM ledger.transactions t WHERE t.transaction_id = $1 AND t.user_id = $2`,
};

type Row = [
  userId: string,
  transactionId: string,
  kind: EntryKind,
  requestId: string,
  caller: string,
  createTime: bigint,
  effectiveTime: bigint | null,
  description: string,
  reference: string,
  metadata: Record<string, string>,
  itemId: string | null,
  itemName: string | null,
  priceVersion: bigint | null,
  unitPrice: bigint | null,
  quantity: bigint | null,
  reversesTransactionId: string | null,
  entryKeys: [userId: string, asset: string, stripe: number, sequence: string][],
  digest: Buffer,
];

/** A transaction with its entries, by its id. null: there is none. */
export async function findTransaction(
  connection: Connection,
  placement: Placement,
  transactionId: string,
): Promise<Transaction | null> {
  const home = inCell(connection, placement.ofId(transactionId));
  const rows = await query<Row>(home, findTransactionStatement, [transactionId]);
  const [transaction] = await withEntries(connection, placement, rows);
  return transaction ?? null;
}

/** The same, when it belongs to a user. */
export async function findOwnTransaction(
  connection: Connection,
  placement: Placement,
  transactionId: string,
  userId: string,
): Promise<Transaction | null> {
  const home = inCell(connection, placement.ofUser(userId));
  const rows = await query<Row>(home, findOwnTransactionStatement, [transactionId, userId]);
  const [transaction] = await withEntries(connection, placement, rows);
  return transaction ?? null;
}

const filters = `
  AND ($4::int[] IS NULL OR t.kind = ANY ($4)) AND ($5 = '' OR t.reference = $5)`;
const listStatement = (
  name: string,
  condition: string,
  order: string,
): { readonly name: string; readonly text: string } => ({
  name,
  text: `
    SELECT ${columns} FROM ledger.transactions t
     WHERE ${condition} ${filters}
     ORDER BY ${order} LIMIT $6`,
});
const byUser = `t.user_id = $1 AND t.transaction_id > $2 AND t.transaction_id < $3`;
const byReference = `
  t.reference = $5 AND t.reference <> '' AND t.transaction_id > $2 AND t.transaction_id < $3
  AND ($1 = '' OR t.user_id = $1)`;
const listStatements = {
  userNewestFirst: listStatement(
    'list_transactions_newest_first',
    byUser,
    't.user_id DESC, t.transaction_id DESC',
  ),
  userOldestFirst: listStatement('list_transactions_oldest_first', byUser, 't.user_id, t.transaction_id'),
  referenceNewestFirst: listStatement('list_references_newest_first', byReference, 't.transaction_id DESC'),
  referenceOldestFirst: listStatement('list_references_oldest_first', byReference, 't.transaction_id'),
};

/** Which transactions: a user's, those with a reference, or both. */
export interface TransactionFilter {
  /** Empty: any. */
  readonly userId: string;
  /** Empty: any. */
  readonly reference: string;
  readonly newestFirst: boolean;
  /** Empty: all. */
  readonly kinds: readonly EntryKind[];
}

/** At most `limit` transactions whose ids lie between two, both exclusive, in order of their ids, which is that of time. */
export async function listTransactions(
  connection: Connection,
  placement: Placement,
  filter: TransactionFilter,
  between: readonly [after: string, before: string],
  limit: number,
): Promise<Transaction[]> {
  const { userId, reference, newestFirst, kinds } = filter;
  const by = reference === '' ? 'user' : 'reference';
  const statement = listStatements[`${by}${newestFirst ? 'NewestFirst' : 'OldestFirst'}`];
  const wanted = kinds.length === 0 ? null : kinds;
  const values = [userId, ...between, wanted, reference, limit];
  const cells = userId === '' ? placement.cells : [placement.ofUser(userId)];
  const pages = await Promise.all(
    cells.map((cell) => query<Row>(inCell(connection, cell), statement, values)),
  );
  const [rows] = pages;
  const merged = pages.length === 1 && rows !== undefined ? rows : mergeById(pages.flat(), newestFirst);
  return withEntries(connection, placement, merged.slice(0, limit));
}

/** In order of their ids. A transaction has a row in each cell that it touches; all say the same. */
function mergeById(rows: readonly Row[], newestFirst: boolean): Row[] {
  const byId = new Map(rows.map((row) => [row[1], row]));
  const sorted = [...byId.values()].sort(([, a], [, b]) => compareText(a, b));
  return newestFirst ? sorted.reverse() : sorted;
}

/** A second statement and still consistent: both tables are written once, in one database transaction. */
async function withEntries(
  connection: Connection,
  placement: Placement,
  rows: readonly Row[],
): Promise<Transaction[]> {
  const keys = rows.map((row) =>
    row[16].map(([userId, asset, stripe, sequence]) => ({
      userId,
      asset,
      stripe,
      sequence: BigInt(sequence),
    })),
  );
  const entries = rows.length === 0 ? [] : await findEntries(connection, placement, keys.flat());
  let taken = 0;
  return rows.map((row, index) => {
    const count = keys[index]?.length ?? 0;
    taken += count;
    return { ...transactionOf(row), entries: entries.slice(taken - count, taken) };
  });
}

function transactionOf(row: Row): Omit<Transaction, 'entries'> {
  const [itemId, itemName, priceVersion, unitPrice, quantity] = [row[10], row[11], row[12], row[13], row[14]];
  const bought =
    itemId !== null && itemName !== null && priceVersion !== null && unitPrice !== null && quantity !== null;
  return {
    userId: row[0],
    transactionId: row[1],
    kind: row[2],
    requestId: row[3],
    caller: row[4],
    createTime: row[5],
    effectiveTime: row[6],
    description: row[7],
    reference: row[8],
    metadata: metadataOf(row[9]),
    item: bought ? { itemId, name: itemName, priceVersion, unitPrice, quantity } : null,
    reversesTransactionId: row[15],
    digest: row[17],
  };
}
