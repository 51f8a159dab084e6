import { CONTENT_HASH_VERSION } from '../../ledger/content-hash';
import { HASH_VERSION } from '../../ledger/hash-chain';
import type { StoredResponse } from '../../ledger/stored-response';
import { commitOrderIn, type BookedTransaction, type Transaction } from '../../ledger/transaction';
import { bigints, byteas, integers, jsonbs, jsons, texts, times, uuids } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';
import { metadataJson } from '../pg/column-values';

const insertRequestsStatement = {
  name: 'insert_requests',
  // Written once, finished. Claiming first and storing the outcome by a later UPDATE cost a third more WAL and took
  // the throughput from 19,000 to 10,000-13,700 writes a second. ON CONFLICT DO NOTHING searches the index once more
  // and confirms each row in the WAL.
  text: `
    INSERT INTO ledger.requests
      (user_id, request_id, method, caller, content_hash, content_hash_version, code, reason, outcome, create_time,
       transaction_id, hash_version, kind, commit_order, digest, description, reference, metadata, entry_keys,
       effective_time, item_id, item_name, price_version, unit_price, quantity, reverses_transaction_id,
       reversed_amount)
    SELECT user_id, request_id, method, caller, content_hash, ${CONTENT_HASH_VERSION}, code, reason, outcome, create_time,
           transaction_id, hash_version, kind, commit_order, digest, description, reference, metadata, entry_keys,
           effective_time, item_id, item_name, price_version, unit_price, quantity, reverses_transaction_id,
           reversed_amount
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::int[], $7::text[], $8::bytea[],
                  $9::timestamptz[], $10::uuid[], $11::int[], $12::int[], $13::bigint[], $14::bytea[], $15::text[],
                  $16::text[], $17::jsonb[], $18::json[], $19::timestamptz[], $20::text[], $21::text[], $22::bigint[],
                  $23::bigint[], $24::bigint[], $25::uuid[], $26::bigint[])
        AS k (user_id, request_id, method, caller, content_hash, code, reason, outcome, create_time, transaction_id,
              hash_version, kind, commit_order, digest, description, reference, metadata, entry_keys, effective_time,
              item_id, item_name, price_version, unit_price, quantity, reverses_transaction_id, reversed_amount)`,
};

/** A request with its outcome. */
export interface RequestRow extends StoredResponse {
  readonly scope: string;
  readonly requestId: string;
  readonly method: string;
  /** Who sent it; empty without authentication. */
  readonly caller: string;
  readonly contentHash: Buffer;
  /** What it booked; its entries are written by insert-entries. */
  readonly transaction: BookedTransaction | null;
}

/**
 * Writes finished requests, in the order given (key order, so that servers never wait for each other in a circle). Another
 * server that was first with one of them makes it fail on the primary key.
 *
 * @param now the time of requests that booked nothing, in microseconds since 1970
 * @param reversals how much each reversal takes back, by its transaction id
 * @param cell that of the connection
 */
export function insertRequests(
  connection: Connection,
  rows: readonly RequestRow[],
  now: bigint,
  reversals: ReadonlyMap<string, bigint>,
  cell: number,
): Promise<void> {
  const booked = rows.map((row) => row.transaction);
  return execute(connection, insertRequestsStatement, [
    texts(rows, (row) => row.scope),
    texts(rows, (row) => row.requestId),
    texts(rows, (row) => row.method),
    texts(rows, (row) => row.caller),
    byteas(rows, (row) => row.contentHash),
    integers(rows, (row) => row.code),
    texts(rows, (row) => row.reason),
    byteas(rows, (row) => row.bytes),
    times(booked, (transaction) => transaction?.createTime ?? now),
    uuids(booked, (transaction) => transaction?.transactionId ?? null),
    integers(booked, (transaction) => (transaction === null ? null : HASH_VERSION)),
    integers(booked, (transaction) => transaction?.kind ?? null),
    bigints(booked, (transaction) => (transaction === null ? null : commitOrderIn(transaction, cell))),
    byteas(booked, (transaction) => transaction?.digest ?? null),
    texts(booked, (transaction) => transaction?.description ?? null),
    texts(booked, (transaction) => transaction?.reference ?? null),
    jsonbs(booked, (transaction) => (transaction === null ? null : metadataJson(transaction.metadata))),
    jsons(booked, (transaction) => (transaction === null ? null : entryKeys(transaction))),
    times(booked, (transaction) => transaction?.effectiveTime ?? null),
    texts(booked, (transaction) => transaction?.item?.itemId ?? null),
    texts(booked, (transaction) => transaction?.item?.name ?? null),
    bigints(booked, (transaction) => transaction?.item?.priceVersion ?? null),
    bigints(booked, (transaction) => transaction?.item?.unitPrice ?? null),
    bigints(booked, (transaction) => transaction?.item?.quantity ?? null),
    uuids(booked, (transaction) => transaction?.reversesTransactionId ?? null),
    bigints(booked, (transaction) => reversals.get(transaction?.transactionId ?? '') ?? null),
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
