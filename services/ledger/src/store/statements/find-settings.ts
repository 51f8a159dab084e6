import type { AccountSettings } from '../../ledger/account';
import { integers, texts } from '../pg/binary-columns';
import { metadataOf, microsOf } from '../pg/column-values';
import { query, type Connection } from '../pg/connection';

const findSettingsStatement = {
  name: 'find_settings',
  // The stripe, always 0, is a column of the keys: as a constant it made plans for young tables begin with it.
  text: `
    SELECT a.user_id, a.asset, a.metadata, a.settings_version, ${microsOf('a.settings_time')},
           ${microsOf('a.create_time')}
      FROM unnest($1::text[], $2::text[], $3::int[]) AS k (user_id, asset, stripe)
      JOIN ledger.accounts a ON a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe`,
};

type Row = [string, string, Record<string, string>, bigint, bigint | null, bigint];

/** What a caller set on an account. */
export interface StoredSettings {
  readonly userId: string;
  readonly asset: string;
  readonly settings: AccountSettings;
  readonly createTime: bigint;
}

/** The settings of those users' accounts that exist. */
export async function findSettings(
  connection: Connection,
  keys: readonly { userId: string; asset: string }[],
): Promise<StoredSettings[]> {
  const rows = await query<Row>(connection, findSettingsStatement, [
    texts(keys, (key) => key.userId),
    texts(keys, (key) => key.asset),
    integers(keys, () => 0),
  ]);
  return rows.map(([userId, asset, metadata, version, updateTime, createTime]) => ({
    userId,
    asset,
    settings: { metadata: metadataOf(metadata), version, updateTime: updateTime ?? 0n },
    createTime,
  }));
}
