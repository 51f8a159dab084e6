import type { AccountKey } from '../../ledger/account';
import { bigints, integers, texts, uuids } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';
import { validMicrosOf, validWholeOf, wholeOrNull } from '../pg/column-values';

/** A transaction row as it is stored, whatever is in it. */
export interface StoredTransaction {
  readonly userId: string;
  readonly transactionId: string;
  readonly kind: number;
  readonly requestId: string;
  readonly caller: string;
  /** Microseconds since 1970; null for a time outside of the years 1 to 9999. */
  readonly createTime: bigint | null;
  readonly effectiveTime: bigint | null;
  readonly description: string;
  readonly reference: string;
  /** JSON. */
  readonly metadata: unknown;
  readonly itemId: string | null;
  readonly itemName: string | null;
  readonly priceVersion: bigint | null;
  readonly unitPrice: bigint | null;
  readonly quantity: bigint | null;
  readonly reversesTransactionId: string | null;
  readonly reversedAmount: bigint | null;
  /** JSON. */
  readonly entryKeys: unknown;
  readonly digest: Buffer;
  readonly hashVersion: number;
}

/** Names one transaction row. */
export interface TransactionKey {
  readonly userId: string;
  readonly transactionId: string;
}

/** The columns of a transaction `t`, as storedTransactionOf takes them. */
export const transactionColumns = `
  t.user_id, t.transaction_id, t.kind, t.request_id, t.caller, ${validMicrosOf('t.create_time')},
  ${validMicrosOf('t.effective_time')}, t.description, t.reference, t.metadata, t.item_id, t.item_name,
  t.price_version, t.unit_price, t.quantity, t.reverses_transaction_id, t.reversed_amount, t.entry_keys, t.digest,
  t.hash_version`;

const readTransactionsStatement = {
  name: 'read_transactions',
  text: `
    SELECT ${transactionColumns} FROM unnest($1::text[], $2::uuid[]) AS k (user_id, transaction_id)
      JOIN ledger.transactions t ON t.user_id = k.user_id AND t.transaction_id = k.transaction_id
     `,
};

/** A transaction's row. */
export type TransactionRow = [
  userId: string,
  transactionId: string,
  kind: number,
  requestId: string,
  caller: string,
  createTime: bigint | null,
  effectiveTime: bigint | null,
  description: string,
  reference: string,
  metadata: unknown,
  itemId: string | null,
  itemName: string | null,
  priceVersion: bigint | null,
  unitPrice: bigint | null,
  quantity: bigint | null,
  reversesTransactionId: string | null,
  reversedAmount: bigint | null,
  entryKeys: unknown,
  digest: Buffer,
  hashVersion: number,
];

/** Transactions by their keys. */
export async function readTransactions(
  connection: Connection,
  keys: readonly TransactionKey[],
): Promise<StoredTransaction[]> {
  const values = [texts(keys, (key) => key.userId), uuids(keys, (key) => key.transactionId)];
  return (await query<TransactionRow>(connection, readTransactionsStatement, values)).map(
    storedTransactionOf,
  );
}

/** A transaction from its row. */
export function storedTransactionOf(row: TransactionRow): StoredTransaction {
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
    metadata: row[9],
    itemId: row[10],
    itemName: row[11],
    priceVersion: row[12],
    unitPrice: row[13],
    quantity: row[14],
    reversesTransactionId: row[15],
    reversedAmount: row[16],
    entryKeys: row[17],
    digest: row[18],
    hashVersion: row[19],
  };
}

/** Names one entry. */
export interface EntryKey extends AccountKey {
  readonly sequence: bigint;
}

/** What of an entry its transaction answers for. */
export interface StoredLeg {
  readonly transactionId: string;
  readonly change: bigint;
  /** Here and below: null for a number that the ledger never writes. */
  readonly balanceAfter: bigint | null;
  readonly debitsAfter: bigint | null;
  readonly hash: Buffer;
}

const readLegsStatement = {
  name: 'read_legs',
  text: `
    SELECT k.position::int, e.transaction_id, e.change, ${validWholeOf('e.balance_after')},
           ${validWholeOf('e.debits_after')}, e.hash
      FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) WITH ORDINALITY
        AS k (user_id, asset, stripe, sequence, position)
      JOIN ledger.entries e
        ON e.user_id = k.user_id AND e.asset = k.asset AND e.stripe = k.stripe AND e.sequence = k.sequence`,
};

type LegRow = [
  position: number,
  transactionId: string,
  change: bigint,
  balanceAfter: string | null,
  debitsAfter: string | null,
  hash: Buffer,
];

/** The entries of the keys, in their order; null where there is none. */
export async function readLegs(
  connection: Connection,
  keys: readonly EntryKey[],
): Promise<(StoredLeg | null)[]> {
  const legs = keys.map((): StoredLeg | null => null);
  const rows = await query<LegRow>(connection, readLegsStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    integers(keys, (key) => key.stripe),
    bigints(keys, (key) => key.sequence),
  ]);
  for (const [position, transactionId, change, balance, debits, hash] of rows) {
    const sums = { balanceAfter: wholeOrNull(balance), debitsAfter: wholeOrNull(debits) };
    legs[position - 1] = { transactionId, change, ...sums, hash };
  }
  return legs;
}
