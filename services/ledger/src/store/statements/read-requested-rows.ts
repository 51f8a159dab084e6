import type { AccountView } from '../../ledger/outcome';
import { bigints, integers, texts, uuids } from '../pg/binary-columns';
import { validMicrosOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

/** A hold as it is stored, as far as requests say it. */
export interface StoredHold {
  readonly userId: string;
  readonly holdId: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly capturedAmount: bigint;
  readonly destination: string;
  readonly state: number;
  /** Here and below: null for a time outside of the years 1 to 9999. */
  readonly createTime: bigint | null;
  readonly updateTime: bigint | null;
}

const readRequestedHoldsStatement = {
  name: 'read_requested_holds',
  text: `
    SELECT h.user_id, h.hold_id, h.asset, h.amount, h.captured_amount, h.destination, h.state,
           ${validMicrosOf('h.create_time')}, ${validMicrosOf('h.update_time')}
      FROM unnest($1::text[], $2::uuid[]) AS k (user_id, hold_id)
      JOIN ledger.holds h ON h.user_id = k.user_id AND h.hold_id = k.hold_id`,
};

type HoldRow = [
  userId: string,
  holdId: string,
  asset: string,
  amount: bigint,
  capturedAmount: bigint,
  destination: string,
  state: number,
  createTime: bigint | null,
  updateTime: bigint | null,
];

/** Holds by their keys. */
export async function readRequestedHolds(
  connection: Connection,
  keys: readonly Pick<StoredHold, 'userId' | 'holdId'>[],
): Promise<StoredHold[]> {
  const rows = await query<HoldRow>(connection, readRequestedHoldsStatement, [
    texts(keys, (key) => key.userId),
    uuids(keys, (key) => key.holdId),
  ]);
  return rows.map((row) => ({
    ...{ userId: row[0], holdId: row[1], asset: row[2], amount: row[3], capturedAmount: row[4] },
    ...{ destination: row[5], state: row[6], createTime: row[7], updateTime: row[8] },
  }));
}

/** A version of an item as it is stored. */
export interface StoredItem {
  readonly itemId: string;
  readonly version: bigint;
  readonly name: string;
  readonly asset: string;
  readonly price: bigint;
  readonly active: boolean;
  readonly grantAsset: string;
  readonly createTime: bigint | null;
}

const readRequestedItemsStatement = {
  name: 'read_requested_items',
  text: `
    SELECT i.item_id, i.version, i.name, i.asset, i.price, i.active, i.grant_asset, ${validMicrosOf('i.create_time')}
      FROM unnest($1::text[], $2::bigint[]) AS k (item_id, version)
      JOIN ledger.item_versions i ON i.item_id = k.item_id AND i.version = k.version`,
};

/** Versions of items by their keys. */
export async function readRequestedItems(
  connection: Connection,
  keys: readonly Pick<StoredItem, 'itemId' | 'version'>[],
): Promise<StoredItem[]> {
  const rows = await query<[string, bigint, string, string, bigint, boolean, string, bigint | null]>(
    connection,
    readRequestedItemsStatement,
    [texts(keys, (key) => key.itemId), bigints(keys, (key) => key.version)],
  );
  return rows.map(([itemId, version, name, asset, price, active, grantAsset, createTime]) => ({
    ...{ itemId, version, name, asset, price, active, grantAsset, createTime },
  }));
}

/** The settings of a user's account as they are stored. */
export interface StoredSettings extends Pick<AccountView, 'userId' | 'asset' | 'minBalance' | 'frozen'> {
  /** JSON. */
  readonly metadata: unknown;
  readonly version: bigint;
}

const readRequestedSettingsStatement = {
  name: 'read_requested_settings',
  // The stripe, always 0, is a column of the keys: as a constant it made plans for young tables begin with it.
  text: `
    SELECT a.user_id, a.asset, a.min_balance, a.frozen, a.metadata, a.settings_version
      FROM unnest($1::text[], $2::text[], $3::int[]) AS k (user_id, asset, stripe)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe`,
};

/** The settings of users' accounts by their keys. */
export async function readRequestedSettings(
  connection: Connection,
  keys: readonly Pick<StoredSettings, 'userId' | 'asset'>[],
): Promise<StoredSettings[]> {
  const rows = await query<[string, string, bigint, boolean, unknown, bigint]>(
    connection,
    readRequestedSettingsStatement,
    [texts(keys, (key) => key.userId), texts(keys, (key) => key.asset), integers(keys, () => 0)],
  );
  return rows.map(([userId, asset, minBalance, frozen, metadata, version]) => ({
    ...{ userId, asset, minBalance, frozen, metadata, version },
  }));
}
