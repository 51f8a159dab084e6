import type { Account } from './account';
import type { CaptureHoldCommand, PlaceHoldCommand, ReleaseHoldCommand } from './command';
import { failure, type Failure } from './failure';
import { HoldState, type Hold } from './hold';
import { fitsInt64 } from './money';
import type { Outcome } from './outcome';
import { post, refuseFrozen, refuseShort, viewOf } from './post';
import { EntryKind } from './transaction';
import type { WorkingSet } from './working-set';

/** Sets an amount aside: `held` grows, `balance` stays. */
export function decidePlaceHold(set: WorkingSet, command: PlaceHoldCommand): Outcome {
  const { userId, asset, amount, destination, expireTime } = command;
  const account = set.account(userId, asset);
  const refused = refuseFrozen(account) ?? refuseExpired(set, command) ?? refuseAmount(account, amount);
  if (refused !== null) return refused;

  const { now } = set.context;
  const hold: Hold = {
    ...{ userId, holdId: set.context.newId(now), asset, amount, capturedAmount: 0n, destination },
    ...{ state: HoldState.OPEN, expireTime, createTime: now, updateTime: now },
  };
  set.addHold(hold);
  account.held += amount;
  account.changed = true;
  if (expireTime !== null && (account.nextHoldExpiry === null || expireTime < account.nextHoldExpiry)) {
    account.nextHoldExpiry = expireTime;
  }
  return { type: 'hold', hold, transaction: null, balance: viewOf(account) };
}

/** Pays a hold or a part of it; the rest is free again. */
export function decideCaptureHold(set: WorkingSet, command: CaptureHoldCommand): Outcome {
  const hold = set.hold(command.userId, command.holdId);
  if (hold === undefined) return holdNotFound(command);
  const account = set.account(hold.userId, hold.asset);
  const refused = refuseFrozen(account) ?? refuseNotOpen(hold) ?? refuseCapture(hold, command.amount);
  if (refused !== null) return refused;

  const amount = command.amount === 0n ? hold.amount : command.amount;
  // What was held pays for it: freed first, and held again should the movement be refused.
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
}

/** Gives a hold up. A frozen account may do so too. */
export function decideReleaseHold(set: WorkingSet, command: ReleaseHoldCommand): Outcome {
  const hold = set.hold(command.userId, command.holdId);
  if (hold === undefined) return holdNotFound(command);
  const refused = refuseNotOpen(hold);
  if (refused !== null) return refused;

  const account = set.account(hold.userId, hold.asset);
  account.held -= hold.amount;
  account.changed = true;
  const released: Hold = { ...hold, state: HoldState.RELEASED, updateTime: set.context.now };
  set.changeHold(released);
  return { type: 'hold', hold: released, transaction: null, balance: viewOf(account) };
}

function refuseExpired(set: WorkingSet, { expireTime }: PlaceHoldCommand): Failure | null {
  if (expireTime === null || expireTime > set.context.now) return null;
  return failure('HOLD_NOT_OPEN', 'expire_time has passed already', { hold_id: '', state: 'EXPIRED' });
}

function refuseAmount(account: Account, amount: bigint): Failure | null {
  if (!fitsInt64(account.held + amount)) {
    return failure('AMOUNT_OVERFLOW', `holds of ${account.userId} ${account.asset} would pass int64`, {
      user_id: account.userId,
      asset: account.asset,
    });
  }
  return refuseShort(account, amount);
}

function refuseNotOpen(hold: Hold): Failure | null {
  if (hold.state === HoldState.OPEN) return null;
  const state = stateName(hold.state);
  return failure('HOLD_NOT_OPEN', `hold ${hold.holdId} is ${state.toLowerCase()}`, {
    hold_id: hold.holdId,
    state,
  });
}

function refuseCapture(hold: Hold, amount: bigint): Failure | null {
  if (amount <= hold.amount) return null;
  return failure('CAPTURE_EXCEEDS_HOLD', `hold ${hold.holdId} holds ${hold.amount}, ${amount} requested`, {
    hold_id: hold.holdId,
    held: hold.amount,
    requested: amount,
  });
}

function holdNotFound({ userId, holdId }: { userId: string; holdId: string }): Failure {
  return failure('HOLD_NOT_FOUND', `no hold ${holdId} of ${userId}`, { hold_id: holdId });
}

function headerOfCapture(command: CaptureHoldCommand): Parameters<typeof post>[1] {
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

function stateName(state: HoldState): string {
  switch (state) {
    case HoldState.OPEN:
      return 'OPEN';
    case HoldState.CAPTURED:
      return 'CAPTURED';
    case HoldState.RELEASED:
      return 'RELEASED';
    case HoldState.EXPIRED:
      return 'EXPIRED';
  }
}
