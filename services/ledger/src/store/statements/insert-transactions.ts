import { HASH_VERSION } from '../../ledger/hash-chain';
import type { Transaction } from '../../ledger/transaction';
import { execute, metadataJson, timestampText, type Connection } from '../connection';

const insertTransactionsStatement = {
  name: 'insert_transactions',
  text: `
    INSERT INTO ledger.transactions
      (user_id, transaction_id, kind, request_id, caller, create_time, effective_time, description, reference,
       metadata, item_id, item_name, price_version, unit_price, quantity, reverses_transaction_id,
       reversed_amount, entry_keys, digest, hash_version, commit_order)
    SELECT user_id, transaction_id, kind, request_id, caller, create_time, effective_time, description, reference,
           metadata, item_id, item_name, price_version, unit_price, quantity, reverses_transaction_id,
           reversed_amount, entry_keys, digest, ${HASH_VERSION}, commit_order
      FROM unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
                  $8::text[], $9::text[], $10::jsonb[], $11::text[], $12::text[], $13::bigint[], $14::bigint[],
                  $15::bigint[], $16::uuid[], $17::bigint[], $18::jsonb[], $19::bytea[], $20::bigint[])
        AS k (user_id, transaction_id, kind, request_id, caller, create_time, effective_time, description,
              reference, metadata, item_id, item_name, price_version, unit_price, quantity,
              reverses_transaction_id, reversed_amount, entry_keys, digest, commit_order)`,
};

/**
 * Writes transactions; their entries are written by insert-entries.
 *
 * @param reversals how much each reversal takes back, by its transaction id
 */
export function insertTransactions(
  connection: Connection,
  rows: readonly Transaction[],
  reversals: ReadonlyMap<string, bigint>,
): Promise<number> {
  return execute(connection, insertTransactionsStatement, [
    rows.map((row) => row.userId),
    rows.map((row) => row.transactionId),
    rows.map((row) => row.kind),
    rows.map((row) => row.requestId),
    rows.map((row) => row.caller),
    rows.map((row) => timestampText(row.createTime)),
    rows.map((row) => (row.effectiveTime === null ? null : timestampText(row.effectiveTime))),
    rows.map((row) => row.description),
    rows.map((row) => row.reference),
    rows.map((row) => metadataJson(row.metadata)),
    rows.map((row) => row.item?.itemId ?? null),
    rows.map((row) => row.item?.name ?? null),
    rows.map((row) => row.item?.priceVersion ?? null),
    rows.map((row) => row.item?.unitPrice ?? null),
    rows.map((row) => row.item?.quantity ?? null),
    rows.map((row) => row.reversesTransactionId),
    rows.map((row) => reversals.get(row.transactionId) ?? null),
    rows.map(entryKeys),
    rows.map((row) => row.digest),
    rows.map((row) => row.commitOrder),
  ]);
}

/** Sequences go as text: a JSON number is a double to many readers. */
function entryKeys({ entries }: Transaction): string {
  return JSON.stringify(
    entries.map(({ userId, asset, stripe, sequence }) => [userId, asset, stripe, sequence.toString()]),
  );
}
