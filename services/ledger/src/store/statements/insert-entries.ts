import type { Transaction } from '../../ledger/transaction';
import { execute, timestampText, type Connection } from '../connection';

const insertEntriesStatement = {
  name: 'insert_entries',
  text: `
    INSERT INTO ledger.entries
      (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after, create_time, hash)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::int[], $7::bigint[],
                         $8::bigint[], $9::timestamptz[], $10::bytea[])`,
};

/** Writes the entries of the transactions. */
export function insertEntries(connection: Connection, transactions: readonly Transaction[]): Promise<number> {
  const rows = transactions.flatMap((transaction) => {
    const createTime = timestampText(transaction.createTime);
    return transaction.entries.map((entry) => ({ entry, transaction, createTime }));
  });
  return execute(connection, insertEntriesStatement, [
    rows.map((row) => row.entry.userId),
    rows.map((row) => row.entry.asset),
    rows.map((row) => row.entry.stripe),
    rows.map((row) => row.entry.sequence),
    rows.map((row) => row.transaction.transactionId),
    rows.map((row) => row.transaction.kind),
    rows.map((row) => row.entry.change),
    rows.map((row) => row.entry.balanceAfter),
    rows.map((row) => row.createTime),
    rows.map((row) => row.entry.hash),
  ]);
}
