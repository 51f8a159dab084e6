import type { CreditCommand } from './command';
import type { Outcome } from './outcome';
import { headerOf, post, viewOf } from './post';
import { EntryKind } from './transaction';
import type { WorkingSet } from './working-set';

/** A credit always succeeds but for overflow: frozen accounts take credits too. */
export function decideCredit(set: WorkingSet, command: CreditCommand): Outcome {
  const account = set.account(command.userId, command.asset);
  const transaction = post(set, headerOf(EntryKind.CREDIT, command), [
    { account, change: command.amount },
    { account: set.account(command.source, command.asset), change: -command.amount },
  ]);
  if ('type' in transaction) return transaction;
  return { type: 'posted', transaction, reversibleAmount: command.amount, balances: [viewOf(account)] };
}
