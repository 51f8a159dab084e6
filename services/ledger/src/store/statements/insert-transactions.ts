import { HASH_VERSION } from '../../ledger/hash-chain';
import type { Transaction } from '../../ledger/transaction';
import { bigints, byteas, integers, jsons, texts, times, uuids } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';
import { metadataJson } from '../pg/column-values';

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
): Promise<void> {
  return execute(connection, insertTransactionsStatement, [
    texts(rows, (row) => row.userId),
    uuids(rows, (row) => row.transactionId),
    integers(rows, (row) => row.kind),
    texts(rows, (row) => row.requestId),
    texts(rows, (row) => row.caller),
    times(rows, (row) => row.createTime),
    times(rows, (row) => row.effectiveTime),
    texts(rows, (row) => row.description),
    texts(rows, (row) => row.reference),
    jsons(rows, (row) => metadataJson(row.metadata)),
    texts(rows, (row) => row.item?.itemId ?? null),
    texts(rows, (row) => row.item?.name ?? null),
    bigints(rows, (row) => row.item?.priceVersion ?? null),
    bigints(rows, (row) => row.item?.unitPrice ?? null),
    bigints(rows, (row) => row.item?.quantity ?? null),
    uuids(rows, (row) => row.reversesTransactionId),
    bigints(rows, (row) => reversals.get(row.transactionId) ?? null),
    jsons(rows, entryKeys),
    byteas(rows, (row) => row.digest),
    bigints(rows, (row) => row.commitOrder),
  ]);
}

/**
 * `[["<user>","<asset>",<stripe>,"<sequence>"],…]`. Put together here, which is quicker than to have all of it made
 * into JSON; only a user id may need escapes. Sequences go as text: a JSON number is a double to many readers.
 */
function entryKeys({ entries }: Transaction): string {
  let keys = '';
  for (const { userId, asset, stripe, sequence } of entries) {
    keys += `${keys === '' ? '' : ','}[${JSON.stringify(userId)},"${asset}",${stripe},"${sequence}"]`;
  }
  return `[${keys}]`;
}
