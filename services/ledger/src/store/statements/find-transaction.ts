import { sortedMetadata, type EntryKind, type Transaction } from '../../ledger/transaction';
import { microsOf, query, type Connection } from '../connection';
import { findEntries } from './list-entries';

const findTransactionStatement = {
  name: 'find_transaction',
  text: `
    SELECT t.user_id, t.transaction_id, t.kind, t.request_id, t.caller, ${microsOf('t.create_time')},
           ${microsOf('t.effective_time')}, t.description, t.reference, t.metadata, t.item_id, t.item_name,
           t.price_version, t.unit_price, t.quantity, t.reverses_transaction_id, t.entry_keys, t.digest,
           t.commit_order
      FROM ledger.transactions t WHERE t.transaction_id = $1 AND ($2 = '' OR t.user_id = $2)`,
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
  commitOrder: bigint,
];

/** A transaction with its entries; by its id, and its owner where one is given. null: there is none. */
export async function findTransaction(
  connection: Connection,
  transactionId: string,
  userId: string,
): Promise<Transaction | null> {
  const rows = await query<Row>(connection, findTransactionStatement, [transactionId, userId]);
  const [row] = rows;
  if (row === undefined) return null;
  const keys = row[16].map(([user, asset, stripe, sequence]) => ({
    userId: user,
    asset,
    stripe,
    sequence: BigInt(sequence),
  }));
  // A second statement and still consistent: both tables are written once, in one database transaction.
  return { ...transactionOf(row), entries: await findEntries(connection, keys) };
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
    metadata: sortedMetadata(new Map(Object.entries(row[9]))),
    item: bought ? { itemId, name: itemName, priceVersion, unitPrice, quantity } : null,
    reversesTransactionId: row[15],
    digest: row[17],
    commitOrder: row[18],
  };
}
