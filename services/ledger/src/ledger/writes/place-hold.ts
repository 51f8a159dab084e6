import type { Account } from '../account';
import type { CommandBase } from '../command';
import { failure, type Failure } from '../failure';
import { HoldState, type Hold } from '../hold';
import { fitsInt64 } from '../money';
import { refuseFrozen, refuseShort, viewOf } from '../post';
import type { WorkingSet } from '../working-set';
import type { WriteDefinition } from '../write-definition';

/** Sets an amount aside. */
export interface PlaceHoldCommand extends CommandBase {
  readonly kind: 'PlaceHold';
  readonly userId: string;
  readonly asset: string;
  readonly amount: bigint;
  /** Microseconds since 1970; null: never. */
  readonly expireTime: bigint | null;
  readonly destination: string;
}

/** Sets an amount aside: `held` grows, `balance` stays. */
export const placeHold: WriteDefinition<PlaceHoldCommand> = {
  refersTo(references, command) {
    references.holdPlace(command);
  },

  lockKeys(keys, { userId, asset }) {
    keys.account(userId, asset);
  },

  writeContent(out, command) {
    out.text(command.asset).i64(command.amount).optionalI64(command.expireTime).text(command.destination);
  },

  decide(set, command) {
    const { userId, asset, amount, destination, expireTime } = command;
    const account = set.account(userId, asset);
    const refused =
      refuseFrozen(account) ??
      refuseExpired(set, account, command) ??
      refuseTooMany(set, account) ??
      refuseAmount(account, amount);
    if (refused !== null) return refused;

    const { now } = set.context;
    const hold: Hold = {
      ...{ userId, holdId: set.context.newId(now, userId), asset, amount, capturedAmount: 0n, destination },
      ...{ state: HoldState.OPEN, expireTime, createTime: now, updateTime: now },
    };
    set.addHold(hold);
    account.held += amount;
    if (expireTime !== null && (account.nextHoldExpiry === null || expireTime < account.nextHoldExpiry)) {
      account.nextHoldExpiry = expireTime;
    }
    set.markChanged(account);
    return { type: 'hold', hold, transaction: null, balance: viewOf(account) };
  },
};

function refuseExpired(
  set: WorkingSet,
  { sequence }: Account,
  { expireTime }: PlaceHoldCommand,
): Failure | null {
  if (expireTime === null || expireTime > set.context.now) return null;
  return failure('HOLD_NOT_OPEN', 'expire_time has passed already', {
    hold_id: '',
    state: 'EXPIRED',
    sequence,
  });
}

function refuseTooMany(set: WorkingSet, account: Account): Failure | null {
  const { userId, asset, sequence } = account;
  const used = BigInt(set.openHoldsOf(account));
  const limit = BigInt(set.context.openHoldsMax);
  if (used < limit) return null;
  return failure(
    'LIMIT_EXCEEDED',
    `account ${userId} ${asset} has ${used} open holds, ${limit} are allowed`,
    {
      ...{ user_id: userId, asset, limit, used, sequence },
    },
  );
}

function refuseAmount(account: Account, amount: bigint): Failure | null {
  if (!fitsInt64(account.held + amount)) {
    return failure('AMOUNT_OVERFLOW', `holds of ${account.userId} ${account.asset} would pass int64`, {
      user_id: account.userId,
      asset: account.asset,
      held: account.held,
      change: amount,
      sequence: account.sequence,
    });
  }
  return refuseShort(account, amount);
}
