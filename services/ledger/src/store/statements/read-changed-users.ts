import { query, type Connection } from '../pg/connection';
import { HORIZON } from '../watch-page';

/** Who got entries between a commit order and the horizon. */
export interface ChangedUsers {
  readonly horizon: bigint;
  /** System accounts too; null: too many to name. */
  readonly userIds: ReadonlySet<string> | null;
}

/** Beyond it, all watchers are woken. */
const TRANSACTIONS_MAX = 1_000;

const readChangedUsersStatement = {
  name: 'read_changed_users',
  text: `
    WITH changed AS MATERIALIZED (
      SELECT t.entry_keys FROM ledger.transactions t
       WHERE t.commit_order >= $1 AND t.commit_order < ${HORIZON}
       ORDER BY t.commit_order LIMIT $2
    )
    SELECT ${HORIZON}, (SELECT count(*) FROM changed),
           ARRAY(SELECT DISTINCT k.key->>0 FROM changed CROSS JOIN LATERAL json_array_elements(entry_keys) AS k (key))`,
};

/** Looks at what has come below the horizon since it was at `since`. */
export async function readChangedUsers(connection: Connection, since: bigint): Promise<ChangedUsers> {
  const rows = await query<[bigint, bigint, string[]]>(connection, readChangedUsersStatement, [
    since,
    TRANSACTIONS_MAX,
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error('the statement for changed users gave no row');
  const [horizon, transactions, userIds] = row;
  return { horizon, userIds: transactions < TRANSACTIONS_MAX ? new Set(userIds) : null };
}
