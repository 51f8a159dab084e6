import { isSystemAccount } from '../account';
import { writeAnnotations, type Annotations } from '../annotations';
import type { CommandBase } from '../command';
import { failure, type Failure } from '../failure';
import { headerOf, post, reversibleAmountOf, viewOf } from '../post';
import { EntryKind } from '../transaction';
import type { WorkingSet } from '../working-set';
import { nothing, type WriteDefinition } from '../write-definition';

/** One account's part of a free transaction. */
export interface CommandLeg {
  readonly userId: string;
  readonly asset: string;
  /** Signed, not zero. */
  readonly change: bigint;
  /** The sequence that the account must still have, or null. */
  readonly expectedSequence: bigint | null;
}

/** A free transaction: the legs sum to zero per asset, each of another account. */
export interface PostTransactionCommand extends CommandBase, Annotations {
  readonly kind: 'PostTransaction';
  readonly userId: string;
  readonly legs: readonly CommandLeg[];
}

/** Books free legs, unless an account has moved on from where its leg expected it. */
export const postTransaction: WriteDefinition<PostTransactionCommand> = {
  refersTo: nothing,

  lockKeys(keys, { legs }) {
    for (const leg of legs) keys.account(leg.userId, leg.asset);
  },

  writeContent(out, command) {
    out.u32(command.legs.length);
    for (const leg of command.legs) {
      out.text(leg.userId).text(leg.asset).i64(leg.change).optionalI64(leg.expectedSequence);
    }
    writeAnnotations(out, command);
  },

  decide(set, command) {
    const conflict = findConflict(set, command);
    if (conflict !== null) return conflict;
    const legs = command.legs.map(({ userId, asset, change }) => ({
      account: set.account(userId, asset),
      change,
    }));
    const transaction = post(set, headerOf(EntryKind.POST, command), legs);
    if ('type' in transaction) return transaction;
    const balances = legs.map(({ account }) => account).filter(({ userId }) => !isSystemAccount(userId));
    const reversibleAmount = reversibleAmountOf(legs);
    return { type: 'posted', transaction, reversibleAmount, balances: balances.map(viewOf) };
  },
};

function findConflict(set: WorkingSet, command: PostTransactionCommand): Failure | null {
  for (const { userId, asset, expectedSequence } of command.legs) {
    if (expectedSequence === null) continue;
    const { sequence } = set.account(userId, asset);
    if (sequence === expectedSequence) continue;
    return failure(
      'CONFLICT',
      `account ${userId} ${asset} is at sequence ${sequence}, ${expectedSequence} was expected`,
      { user_id: userId, asset, expected: expectedSequence, current: sequence },
    );
  }
  return null;
}
