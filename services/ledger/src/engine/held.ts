import { isSystemAccount, type AccountKey } from '../ledger/account';
import { LockKeys } from '../ledger/lock-keys';
import { ONE_CELL } from '../ledger/placement';
import { definitionOf, type Command } from '../ledger/writes';

/** A write could not be decided: another session holds what it needs, or its account has much to settle first. */
export class Held implements AccountKey {
  readonly userId: string;
  readonly asset: string;
  readonly stripe: number;

  /**
   * @param account the account that is held, or one of the write's when that is not known
   * @param isDue it is free, but more of its holds have expired than a batch settles
   */
  constructor(
    { userId, asset, stripe }: AccountKey,
    readonly isDue = false,
  ) {
    this.userId = userId;
    this.asset = asset;
    this.stripe = stripe;
  }
}

/** For a command that needs something that is held, without a word about what: a request, a table. */
export function heldAlone(command: Command): Held {
  const keys = accountsNamedBy(command);
  return new Held(keys[0] ?? { userId: command.scope, asset: '', stripe: 0 });
}

/** The users' accounts that a command names itself; those of an item, a hold or an original are not known yet. */
export function accountsNamedBy(command: Command): AccountKey[] {
  const keys = new LockKeys(ONE_CELL, 0);
  definitionOf(command).lockKeys(keys, command);
  return keys.sorted().filter(({ userId }) => !isSystemAccount(userId));
}
