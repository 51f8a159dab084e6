import type { Item } from '../../ledger/item';
import { microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';
import { itemOfRow } from './find-items';

const listItemsStatement = {
  name: 'list_items',
  // A loose index scan: from one item to the next along the primary key, its newest version each time. The cost is
  // by items shown, not by versions there are.
  text: `
    WITH RECURSIVE ids AS (
      (SELECT item_id FROM ledger.item_versions WHERE item_id > $1 ORDER BY item_id LIMIT 1)
      UNION ALL
      SELECT (SELECT v.item_id FROM ledger.item_versions v WHERE v.item_id > ids.item_id ORDER BY v.item_id LIMIT 1)
        FROM ids WHERE ids.item_id IS NOT NULL
    )
    SELECT c.item_id, c.version, c.name, c.asset, c.price, c.active, c.grant_asset, ${microsOf('c.create_time')}
      FROM ids
     CROSS JOIN LATERAL (
       SELECT * FROM ledger.item_versions v WHERE v.item_id = ids.item_id ORDER BY v.version DESC LIMIT 1
     ) c
     WHERE c.active OR $2
     LIMIT $3`,
};

/** The current versions of at most `limit` items after an id, by id. */
export async function listItems(
  connection: Connection,
  after: string,
  includeInactive: boolean,
  limit: number,
): Promise<Item[]> {
  const rows = await query<Parameters<typeof itemOfRow>[0]>(connection, listItemsStatement, [
    after,
    includeInactive,
    limit,
  ]);
  return rows.map(itemOfRow);
}

const listItemVersionsStatement = {
  name: 'list_item_versions',
  text: `
    SELECT v.item_id, v.version, v.name, v.asset, v.price, v.active, v.grant_asset, ${microsOf('v.create_time')}
      FROM ledger.item_versions v WHERE v.item_id = $1 AND v.version < $2 ORDER BY v.version DESC LIMIT $3`,
};

/** At most `limit` versions of an item below one, newest first. */
export async function listItemVersions(
  connection: Connection,
  itemId: string,
  before: bigint,
  limit: number,
): Promise<Item[]> {
  const rows = await query<Parameters<typeof itemOfRow>[0]>(connection, listItemVersionsStatement, [
    itemId,
    before,
    limit,
  ]);
  return rows.map(itemOfRow);
}
