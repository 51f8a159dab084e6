import type { TransferCommand } from './command';
import type { Outcome } from './outcome';
import { headerOf, post, viewOf } from './post';
import { EntryKind } from './transaction';
import type { WorkingSet } from './working-set';

/** Moves an amount from one user to another; a frozen account may still get it. */
export function decideTransfer(set: WorkingSet, command: TransferCommand): Outcome {
  const sender = set.account(command.userId, command.asset);
  const transaction = post(set, headerOf(EntryKind.TRANSFER, command), [
    { account: sender, change: -command.amount },
    { account: set.account(command.toUserId, command.asset), change: command.amount },
  ]);
  if ('type' in transaction) return transaction;
  return { type: 'posted', transaction, reversibleAmount: command.amount, balances: [viewOf(sender)] };
}
