import type { Entry, Transaction } from '../../ledger/transaction';
import { bigints, byteas, integers, numerics, texts, times, uuids } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';

const insertEntriesStatement = {
  name: 'insert_entries',
  text: `
    INSERT INTO ledger.entries
      (user_id, asset, stripe, sequence, transaction_id, kind, change, balance_after, debits_after, create_time,
       effective_time, hash)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::int[], $7::bigint[],
                         $8::numeric[], $9::numeric[], $10::timestamptz[], $11::timestamptz[], $12::bytea[])`,
};

/**
 * Writes the entries of the transactions.
 *
 * @param isHere which of them lie in the cell of the connection
 */
export function insertEntries(
  connection: Connection,
  transactions: readonly Transaction[],
  isHere: (entry: Entry) => boolean,
): Promise<void> {
  const entries: Entry[] = [];
  const owners: Transaction[] = [];
  for (const transaction of transactions) {
    for (const entry of transaction.entries) {
      if (!isHere(entry)) continue;
      entries.push(entry);
      owners.push(transaction);
    }
  }
  return execute(connection, insertEntriesStatement, [
    texts(entries, (entry) => entry.userId),
    texts(entries, (entry) => entry.asset),
    integers(entries, (entry) => entry.stripe),
    bigints(entries, (entry) => entry.sequence),
    uuids(owners, (owner) => owner.transactionId),
    integers(owners, (owner) => owner.kind),
    bigints(entries, (entry) => entry.change),
    numerics(entries, (entry) => entry.balanceAfter),
    numerics(entries, (entry) => entry.debitsAfter),
    times(owners, (owner) => owner.createTime),
    times(entries, (entry) => entry.effectiveTime),
    byteas(entries, (entry) => entry.hash),
  ]);
}
