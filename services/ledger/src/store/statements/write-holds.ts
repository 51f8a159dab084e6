import { HoldState, type Hold } from '../../ledger/hold';
import { bigints, integers, texts, times, uuids } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';
import { timeOrNull } from '../pg/column-values';
import { assertRowCount } from '../pg/assert-row-count';

const insertHoldsStatement = {
  name: 'insert_holds',
  text: `
    INSERT INTO ledger.holds
      (user_id, hold_id, asset, amount, captured_amount, destination, state, expire_time, create_time, update_time)
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::int[],
                         $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])`,
};

const updateHoldsStatement = {
  name: 'update_holds',
  // The state is a parameter: as a constant it let plans for young tables read the whole index of open holds.
  text: `
    WITH updated AS (
    UPDATE ledger.holds h
       SET captured_amount = k.captured_amount, state = k.state, update_time = k.update_time
      FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::int[], $5::timestamptz[])
        AS k (user_id, hold_id, captured_amount, state, update_time)
     WHERE h.user_id = k.user_id AND h.hold_id = k.hold_id AND h.state = $6
    RETURNING 1)${assertRowCount('$4::int[]')}`,
};

/** Writes holds that were placed. */
export function insertHolds(connection: Connection, rows: readonly Hold[]): Promise<void> {
  return execute(connection, insertHoldsStatement, [
    texts(rows, (row) => row.userId),
    uuids(rows, (row) => row.holdId),
    texts(rows, (row) => row.asset),
    bigints(rows, (row) => row.amount),
    bigints(rows, (row) => row.capturedAmount),
    texts(rows, (row) => row.destination),
    integers(rows, (row) => row.state),
    times(rows, (row) => timeOrNull(row.expireTime)),
    times(rows, (row) => row.createTime),
    times(rows, (row) => row.updateTime),
  ]);
}

/** Writes what has become of open holds whose accounts this transaction has locked. */
export function updateHolds(connection: Connection, rows: readonly Hold[]): Promise<void> {
  return execute(connection, updateHoldsStatement, [
    texts(rows, (row) => row.userId),
    uuids(rows, (row) => row.holdId),
    bigints(rows, (row) => row.capturedAmount),
    integers(rows, (row) => row.state),
    times(rows, (row) => row.updateTime),
    HoldState.OPEN,
  ]);
}
