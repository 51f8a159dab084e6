import type { AccountKey } from '../../ledger/account';
import { bigints, integers, texts } from '../pg/binary-columns';
import { execute, type Connection } from '../pg/connection';

/** An entry that is dated before the one in front of it. */
export interface TimeStep extends AccountKey {
  readonly sequence: bigint;
}

const insertTimeStepsStatement = {
  name: 'insert_time_steps',
  text: `
    INSERT INTO ledger.time_steps (user_id, asset, stripe, sequence)
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[])`,
};

/** Keeps where the time of accounts goes back; see the table. */
export function insertTimeSteps(connection: Connection, steps: readonly TimeStep[]): Promise<void> {
  return execute(connection, insertTimeStepsStatement, [
    texts(steps, (step) => step.userId),
    texts(steps, (step) => step.asset),
    integers(steps, (step) => step.stripe),
    bigints(steps, (step) => step.sequence),
  ]);
}
