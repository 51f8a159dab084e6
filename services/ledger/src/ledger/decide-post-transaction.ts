import { isSystemAccount } from './account';
import type { PostTransactionCommand } from './command';
import { failure, type Failure } from './failure';
import type { Outcome } from './outcome';
import { headerOf, post, reversibleAmountOf, viewOf } from './post';
import { EntryKind } from './transaction';
import type { WorkingSet } from './working-set';

/** Books a free movement, unless an account has moved on from where its leg expected it. */
export function decidePostTransaction(set: WorkingSet, command: PostTransactionCommand): Outcome {
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
}

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
