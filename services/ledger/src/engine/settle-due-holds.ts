import type { QueryRunner } from 'typeorm';
import type { AccountKey } from '../ledger/account';
import type { Placement } from '../ledger/placement';
import { inCell } from '../store/pg/in-cell';
import { PipelinedTransaction } from '../store/pg/pipelined-transaction';
import { lockAccounts } from '../store/statements/lock-accounts';
import { settleHolds } from '../store/statements/settle-holds';

/** How many expired holds one transaction settles: some 30 ms of the database, for which the account is locked. */
const SETTLED_AT_ONCE_MAX = 2_000;

/** Settles expired holds of an account, in a transaction of their own. Returns whether some may be left. */
export function settleDueHolds(
  runner: QueryRunner,
  placement: Placement,
  account: AccountKey,
): Promise<boolean> {
  const cell = placement.ofRow(account);
  return PipelinedTransaction.run(runner, async (transaction) => {
    await transaction.send((connection) => lockAccounts(inCell(connection, cell), [account]));
    let settled = 0;
    await transaction.commit(async (connection) => {
      settled = await settleHolds(inCell(connection, cell), account, SETTLED_AT_ONCE_MAX);
    });
    return settled >= SETTLED_AT_ONCE_MAX;
  });
}
