import { writeAnnotations, type Annotations } from '../annotations';
import type { CommandBase } from '../command';
import { headerOf, post, viewOf } from '../post';
import { EntryKind } from '../transaction';
import { nothing, type WriteDefinition } from '../write-definition';

/** From one user to another. */
export interface TransferCommand extends CommandBase, Annotations {
  readonly kind: 'Transfer';
  /** The sender, who owns it. */
  readonly userId: string;
  readonly toUserId: string;
  readonly asset: string;
  readonly amount: bigint;
}

/** Moves an amount from one user to another; a frozen account may still get it. */
export const transfer: WriteDefinition<TransferCommand> = {
  refersTo: nothing,

  lockKeys(keys, { userId, toUserId, asset }) {
    keys.account(userId, asset);
    keys.account(toUserId, asset);
  },

  writeContent(out, command) {
    out.text(command.toUserId).text(command.asset).i64(command.amount);
    writeAnnotations(out, command);
  },

  decide(set, command) {
    const sender = set.account(command.userId, command.asset);
    const transaction = post(set, headerOf(EntryKind.TRANSFER, command), [
      { account: sender, change: -command.amount },
      { account: set.account(command.toUserId, command.asset), change: command.amount },
    ]);
    if ('type' in transaction) return transaction;
    return { type: 'posted', transaction, reversibleAmount: command.amount, balances: [viewOf(sender)] };
  },
};
