import { CallError } from '@ledger/kit/rpc/call-error';
import type { Reason } from '../mapping/status';
import type { SettledHorizon, SettleLimit } from '../store/settled-horizon';

/**
 * Waits until the balances of an instant are final.
 *
 * @throws CallError NOT_STARTED when the call's time runs out before
 */
export async function untilSettled(
  horizon: SettledHorizon,
  instant: bigint,
  limit: SettleLimit,
): Promise<void> {
  if (await horizon.until(instant, limit)) return;
  throw new CallError<Reason>(
    'NOT_STARTED',
    'the deadline passed before all writes of that time were booked, or the time lies ahead of the clock',
  );
}

/** The window of a listing, as far as it matters where it ends. */
export interface ListingWindow {
  /** Exclusive; null: open. */
  readonly end: bigint | null;
  /** Whether whoever reads it goes on from the last one: it then ends where something may still come in between. */
  readonly isForward: boolean;
}

/**
 * Where a listing ends: what lies before it is final. A window that is over is waited for; a forward list that reaches
 * into what is not settled yet ends there.
 *
 * @returns exclusive, in microseconds since 1970; null: at what is there now
 * @throws CallError NOT_STARTED when the call's time runs out before the window is settled
 */
export async function endOfListing(
  horizon: SettledHorizon,
  { end, isForward }: ListingWindow,
  limit: SettleLimit,
): Promise<bigint | null> {
  if (end === null) return isForward ? (await horizon.now()).before : null;
  if (horizon.isKnown(end)) return end;
  const { clock, before } = await horizon.now();
  if (end > clock) return isForward ? before : end;
  if (end > before) await untilSettled(horizon, end - 1n, limit);
  return end;
}
