import type { Account } from '../account';
import type { CommandBase } from '../command';
import { failure, type Failure } from '../failure';
import { HoldState, type Hold } from '../hold';
import { holdNotFound, refuseNotOpen } from '../hold-refusals';
import { post, refuseFrozen, viewOf, type PostingHeader } from '../post';
import { EntryKind } from '../transaction';
import { nothing, type WriteDefinition } from '../write-definition';

/** Pays a hold. */
export interface CaptureHoldCommand extends CommandBase {
  readonly kind: 'CaptureHold';
  readonly userId: string;
  readonly holdId: string;
  /** 0: all of it. */
  readonly amount: bigint;
}

/** Pays a hold or a part of it; the rest is free again. */
export const captureHold: WriteDefinition<CaptureHoldCommand> = {
  refersTo(references, command) {
    references.hold(command);
  },

  lockKeys: nothing,

  writeContent(out, command) {
    out.text(command.holdId).i64(command.amount);
  },

  decide(set, command) {
    const hold = set.hold(command.userId, command.holdId);
    if (hold === undefined) return holdNotFound(command);
    const account = set.account(hold.userId, hold.asset);
    const refused =
      refuseFrozen(account) ?? refuseNotOpen(hold, account) ?? refuseCapture(hold, account, command.amount);
    if (refused !== null) return refused;

    const amount = command.amount === 0n ? hold.amount : command.amount;
    // The held amount pays for the capture: it is freed first, and held again should the posting be refused.
    account.held -= hold.amount;
    const transaction = post(set, headerOfCapture(command), [
      { account, change: -amount },
      { account: set.account(hold.destination, hold.asset), change: amount },
    ]);
    if ('type' in transaction) {
      account.held += hold.amount;
      return transaction;
    }
    const captured: Hold = {
      ...hold,
      capturedAmount: amount,
      state: HoldState.CAPTURED,
      updateTime: transaction.createTime,
    };
    set.changeHold(captured);
    return { type: 'hold', hold: captured, transaction, balance: viewOf(account) };
  },
};

function refuseCapture(hold: Hold, { sequence }: Account, amount: bigint): Failure | null {
  if (amount <= hold.amount) return null;
  return failure('CAPTURE_EXCEEDS_HOLD', `hold ${hold.holdId} holds ${hold.amount}, ${amount} requested`, {
    hold_id: hold.holdId,
    held: hold.amount,
    requested: amount,
    sequence,
  });
}

function headerOfCapture(command: CaptureHoldCommand): PostingHeader {
  return {
    kind: EntryKind.CAPTURE,
    userId: command.userId,
    requestId: command.requestId,
    caller: command.caller,
    effectiveTime: null,
    description: '',
    reference: '',
    metadata: [['hold_id', command.holdId]],
    item: null,
    reversesTransactionId: null,
  };
}
