import type { Item } from '../../ledger/item';
import { bigints, booleans, texts, times } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';

const insertItemsStatement = {
  name: 'insert_items',
  text: `
    INSERT INTO ledger.item_versions (item_id, version, name, asset, price, active, grant_asset, create_time)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::text[],
                         $8::timestamptz[])`,
};

/** Writes versions of items; another editor who was first makes it fail on the primary key. */
export function insertItems(connection: Connection, rows: readonly Item[]): Promise<void> {
  return execute(connection, insertItemsStatement, [
    texts(rows, (row) => row.itemId),
    bigints(rows, (row) => row.version),
    texts(rows, (row) => row.name),
    texts(rows, (row) => row.asset),
    bigints(rows, (row) => row.price),
    booleans(rows, (row) => row.active),
    texts(rows, (row) => row.grantAsset),
    times(rows, (row) => row.createTime),
  ]);
}
