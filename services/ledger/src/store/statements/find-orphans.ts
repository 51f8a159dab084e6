import type { AccountKey } from '../../ledger/account';
import { query, type Connection } from '../pg/connection';
import type { EntryKey } from './read-stored-transactions';

/** Account keys between two, the first exclusive and the last inclusive. */
export interface KeyRange {
  readonly after: AccountKey;
  readonly last: AccountKey;
}

// From the first entry of one key straight to that of the next, so the entries between them cost nothing. In one
// snapshot with the look at the accounts: an account and its first entry become visible together. OFFSET 0 looks
// each up: a plan for young tables would read all accounts into a hash.
const listEntryKeysStatement = {
  name: 'list_entry_keys',
  text: `
    WITH RECURSIVE keys AS (
      (SELECT e.user_id, e.asset, e.stripe, e.sequence, 1 AS position FROM ledger.entries e
        WHERE (e.user_id, e.asset, e.stripe) > ($1, $2, $3) AND (e.user_id, e.asset, e.stripe) <= ($4, $5, $6)
        ORDER BY e.user_id, e.asset, e.stripe, e.sequence LIMIT 1)
      UNION ALL
      SELECT n.user_id, n.asset, n.stripe, n.sequence, k.position + 1
        FROM keys k CROSS JOIN LATERAL (
          SELECT e.user_id, e.asset, e.stripe, e.sequence FROM ledger.entries e
           WHERE (e.user_id, e.asset, e.stripe) > (k.user_id, k.asset, k.stripe)
             AND (e.user_id, e.asset, e.stripe) <= ($4, $5, $6)
           ORDER BY e.user_id, e.asset, e.stripe, e.sequence LIMIT 1) n
       WHERE k.position < $7)
    SELECT k.user_id, k.asset, k.stripe, k.sequence,
           EXISTS (SELECT FROM ledger.accounts a
                    WHERE a.user_id = k.user_id AND a.asset = k.asset AND a.stripe = k.stripe OFFSET 0)
      FROM keys k ORDER BY k.position`,
};

/** At most `limit` accounts that have entries, in key order, each with its first entry and whether it has a row. */
export async function listEntryKeys(
  connection: Connection,
  { after, last }: KeyRange,
  limit: number,
): Promise<(EntryKey & { readonly hasAccount: boolean })[]> {
  const rows = await query<[string, string, number, bigint, boolean]>(connection, listEntryKeysStatement, [
    ...[after.userId, after.asset, after.stripe],
    ...[last.userId, last.asset, last.stripe],
    limit,
  ]);
  return rows.map(([userId, asset, stripe, sequence, hasAccount]) => ({
    ...{ userId, asset, stripe, sequence, hasAccount },
  }));
}

const findOrphanHoldsStatement = {
  name: 'find_orphan_holds',
  text: `
    SELECT DISTINCT h.user_id, h.asset FROM ledger.holds h
     WHERE h.state = 1 AND (h.user_id, h.asset) >= ($1, $2) AND (h.user_id, h.asset) <= ($3, $4)
       AND NOT EXISTS (SELECT FROM ledger.accounts a WHERE a.user_id = h.user_id AND a.asset = h.asset)
     LIMIT $5`,
};

/** At most `limit` keys of open holds in the range whose account has no row. */
export async function findOrphanHolds(
  connection: Connection,
  { after, last }: KeyRange,
  limit: number,
): Promise<{ userId: string; asset: string }[]> {
  const rows = await query<[string, string]>(connection, findOrphanHoldsStatement, [
    ...[after.userId, after.asset, last.userId, last.asset],
    limit,
  ]);
  return rows.map(([userId, asset]) => ({ userId, asset }));
}
