import type { Account } from './account';
import { failure, type Failure } from './failure';
import { HoldState, type Hold } from './hold';

/** The refusal of a command that names a hold which the user does not have. */
export function holdNotFound({ userId, holdId }: { userId: string; holdId: string }): Failure {
  return failure('HOLD_NOT_FOUND', `no hold ${holdId} of ${userId}`, { hold_id: holdId });
}

/** Refuses to end a hold of the account that has ended already. */
export function refuseNotOpen(hold: Hold, { sequence }: Pick<Account, 'sequence'>): Failure | null {
  if (hold.state === HoldState.OPEN) return null;
  const state = stateName(hold.state);
  return failure('HOLD_NOT_OPEN', `hold ${hold.holdId} is ${state.toLowerCase()}`, {
    hold_id: hold.holdId,
    state,
    sequence,
  });
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
