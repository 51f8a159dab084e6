import type { Item } from '../../ledger/item';
import { execute, timestampText, type Connection } from '../connection';

const insertItemsStatement = {
  name: 'insert_items',
  text: `
    INSERT INTO ledger.item_versions (item_id, version, name, asset, price, active, grant_asset, create_time)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::boolean[], $7::text[],
                         $8::timestamptz[])
    ON CONFLICT DO NOTHING`,
};

/** Writes versions of items. Returns how many went in; fewer mean that another editor was first. */
export function insertItems(connection: Connection, rows: readonly Item[]): Promise<number> {
  return execute(connection, insertItemsStatement, [
    rows.map((row) => row.itemId),
    rows.map((row) => row.version),
    rows.map((row) => row.name),
    rows.map((row) => row.asset),
    rows.map((row) => row.price),
    rows.map((row) => row.active),
    rows.map((row) => row.grantAsset),
    rows.map((row) => timestampText(row.createTime)),
  ]);
}
