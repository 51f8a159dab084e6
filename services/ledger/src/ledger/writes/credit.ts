import { writeAnnotations, type Annotations } from '../annotations';
import type { CommandBase } from '../command';
import { headerOf, post, viewOf } from '../post';
import { EntryKind } from '../transaction';
import { nothing, type WriteDefinition } from '../write-definition';

/** Value comes in from a system account. */
export interface CreditCommand extends CommandBase, Annotations {
  readonly kind: 'Credit';
  readonly userId: string;
  readonly asset: string;
  readonly amount: bigint;
  readonly source: string;
}

/** A credit always succeeds but for overflow: frozen accounts take credits too. */
export const credit: WriteDefinition<CreditCommand> = {
  refersTo: nothing,

  lockKeys(keys, { userId, asset, source }) {
    keys.account(userId, asset);
    keys.account(source, asset);
  },

  writeContent(out, command) {
    out.text(command.asset).i64(command.amount).text(command.source);
    writeAnnotations(out, command);
  },

  decide(set, command) {
    const account = set.account(command.userId, command.asset);
    const transaction = post(set, headerOf(EntryKind.CREDIT, command), [
      { account, change: command.amount },
      { account: set.account(command.source, command.asset), change: -command.amount },
    ]);
    if ('type' in transaction) return transaction;
    return { type: 'posted', transaction, reversibleAmount: command.amount, balances: [viewOf(account)] };
  },
};
