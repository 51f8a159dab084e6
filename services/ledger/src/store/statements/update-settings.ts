import type { Account } from '../../ledger/account';
import { bigints, booleans, integers, jsonbs, texts, times } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';
import { metadataJson, timeOrNull } from '../pg/column-values';
import { assertRowCount } from '../pg/assert-row-count';

const updateSettingsStatement = {
  name: 'update_settings',
  // The stripe is a column of the keys: as a constant it made plans for young tables begin with it.
  text: `
    WITH updated AS (
    UPDATE ledger.accounts a
       SET min_balance = k.min_balance, frozen = k.frozen, metadata = k.metadata,
           settings_version = k.settings_version, settings_time = k.settings_time
      FROM unnest($1::text[], $2::text[], $3::bigint[], $4::boolean[], $5::jsonb[], $6::bigint[], $7::timestamptz[],
                  $8::int[])
        AS k (user_id, asset, min_balance, frozen, metadata, settings_version, settings_time, stripe)
     WHERE a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe
    RETURNING 1)${assertRowCount('$8::int[]')}`,
};

/** Writes new settings of accounts whose rows this transaction has locked. */
export function updateSettings(connection: Connection, rows: readonly Account[]): Promise<void> {
  return execute(connection, updateSettingsStatement, [
    texts(rows, (row) => row.userId),
    texts(rows, (row) => row.asset),
    bigints(rows, (row) => row.minBalance),
    booleans(rows, (row) => row.frozen),
    jsonbs(rows, (row) => metadataJson(row.settings?.metadata ?? [])),
    bigints(rows, (row) => row.settings?.version ?? 0n),
    times(rows, (row) => timeOrNull(row.settings?.updateTime ?? null)),
    integers(rows, (row) => row.stripe),
  ]);
}
