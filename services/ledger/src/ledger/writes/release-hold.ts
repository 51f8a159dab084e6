import type { CommandBase } from '../command';
import { HoldState, type Hold } from '../hold';
import { holdNotFound, refuseNotOpen } from '../hold-refusals';
import { viewOf } from '../post';
import { nothing, type WriteDefinition } from '../write-definition';

/** Gives a hold up. */
export interface ReleaseHoldCommand extends CommandBase {
  readonly kind: 'ReleaseHold';
  readonly userId: string;
  readonly holdId: string;
}

/** Gives a hold up. A frozen account may do so too. */
export const releaseHold: WriteDefinition<ReleaseHoldCommand> = {
  refersTo(references, command) {
    references.hold(command);
  },

  lockKeys: nothing,

  writeContent(out, command) {
    out.text(command.holdId);
  },

  decide(set, command) {
    const hold = set.hold(command.userId, command.holdId);
    if (hold === undefined) return holdNotFound(command);
    const account = set.account(hold.userId, hold.asset);
    const refused = refuseNotOpen(hold, account);
    if (refused !== null) return refused;

    account.held -= hold.amount;
    set.markChanged(account);
    const released: Hold = { ...hold, state: HoldState.RELEASED, updateTime: set.context.now };
    set.changeHold(released);
    return { type: 'hold', hold: released, transaction: null, balance: viewOf(account) };
  },
};
