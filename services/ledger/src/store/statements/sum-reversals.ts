import { texts, uuids } from '../pg/binary-columns';
import { query, type Connection } from '../pg/connection';

const sumReversalsStatement = {
  name: 'sum_reversals',
  text: `
    SELECT t.reverses_transaction_id, sum(t.reversed_amount)::bigint
      FROM unnest($1::text[], $2::uuid[]) AS k (user_id, transaction_id)
      JOIN ledger.transactions t
        ON t.user_id = k.user_id AND t.reverses_transaction_id = k.transaction_id
     WHERE t.reverses_transaction_id IS NOT NULL
     GROUP BY t.reverses_transaction_id`,
};

/** How much of each transaction was taken back so far. Certain under the locks of its accounts. */
export async function sumReversals(
  connection: Connection,
  keys: readonly { userId: string; transactionId: string }[],
): Promise<Map<string, bigint>> {
  const rows = await query<[string, bigint]>(connection, sumReversalsStatement, [
    texts(keys, (key) => key.userId),
    uuids(keys, (key) => key.transactionId),
  ]);
  return new Map(rows);
}
