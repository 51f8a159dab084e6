import type { Item } from '../../ledger/item';
import { INT64_MAX } from '../../ledger/money';
import { bigints, texts } from '../pg/binary-columns';
import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

const findItemsStatement = {
  name: 'find_items',
  // Two index look-ups per key: the newest version, and the version asked for with its successor (one version
  // above; nothing is above the last of bigint). UNION drops what both find.
  text: `
    SELECT v.item_id, v.version, v.name, v.asset, v.price, v.active, v.grant_asset, ${microsOf('v.create_time')}
      FROM unnest($1::text[], $2::bigint[]) AS k (item_id, version)
     CROSS JOIN LATERAL (
       (SELECT * FROM ledger.item_versions i WHERE i.item_id = k.item_id ORDER BY i.version DESC LIMIT 1)
       UNION
       (SELECT * FROM ledger.item_versions i
         WHERE i.item_id = k.item_id AND k.version > 0
           AND i.version BETWEEN k.version AND least(k.version, ${INT64_MAX - 1n}) + 1)
     ) v`,
};

type Row = [string, bigint, string, string, bigint, boolean, string, bigint];

/**
 * For each key the item's current version, and for a version above 0 that version and its successor. An item may
 * come more than once.
 */
export async function findItems(
  connection: Connection,
  keys: readonly { itemId: string; version: bigint }[],
): Promise<Item[]> {
  const rows = await query<Row>(connection, findItemsStatement, [
    texts(keys, (key) => key.itemId),
    bigints(keys, (key) => key.version),
  ]);
  return rows.map(itemOfRow);
}

/** The row of an item version as every statement selects it. */
export function itemOfRow(row: Row): Item {
  const [itemId, version, name, asset, price, active, grantAsset, createTime] = row;
  return { itemId, version, name, asset, price, active, grantAsset, createTime };
}
