import { transactionDigest } from '../ledger/hash-chain';
import type { StatedOutcome, StatedTransaction } from '../ledger/stated-outcome';
import type { StoredHold, StoredItem, StoredSettings } from '../store/statements/read-requested-rows';
import type { StoredRequest } from '../store/statements/read-stored-requests';
import type { StoredLeg } from '../store/statements/read-stored-transactions';
import { checkHold, checkItem, checkSettings, checkSnapshot } from './check-requested';
import type { Violation } from './violation';

/** What a request's outcome is compared with. */
export interface RowsOfRequest {
  /** The entries that its response shows, in that order. */
  readonly legs: readonly (StoredLeg | null)[];
  readonly hold: StoredHold | undefined;
  /** The version that was put, or that was paid. */
  readonly item: StoredItem | undefined;
  readonly settings: StoredSettings | undefined;
}

/** The writes that move something whenever they succeed. */
const MOVING: readonly string[] = [
  ...['Credit', 'Purchase', 'Transfer', 'PostTransaction', 'ReverseTransaction', 'CaptureHold'],
];

/**
 * Rule 4: what a request stored is what the rows say.
 *
 * @param stated what its stored response says; null: that is none
 */
export function checkRequest(
  request: StoredRequest,
  stated: StatedOutcome | null,
  rows: RowsOfRequest,
): Violation[] {
  const { userId, requestId, method, code, reason, outcome } = request;
  const transactionId = request.transaction?.transactionId ?? null;
  const found: Violation[] = [];
  const add = (detail: string): void => {
    found.push({
      ...{ rule: 4, userId, asset: '', stripe: 0, sequence: 0n, transactionId: transactionId ?? '' },
      detail: `request ${requestId}: ${detail}`,
    });
  };
  if (outcome === null) return found;
  if (stated === null) {
    add(`its stored response is none of ${method}`);
    return found;
  }
  const { failure, transaction: booked } = stated;
  if (failure !== null && (failure.code !== code || failure.reason !== reason)) {
    add(`it ended with ${code} ${reason}, its stored response says ${failure.code} ${failure.reason}`);
  }
  if ((booked?.header.transactionId ?? null) !== transactionId) {
    const says = booked?.header.transactionId ?? 'nothing';
    add(`it booked ${transactionId ?? 'nothing'}, its stored response says ${says}`);
  } else if (code === 0 && booked === null && MOVING.includes(method)) {
    add('it succeeded and booked nothing');
  } else if (booked !== null) {
    for (const detail of checkBooked(request, booked, rows)) add(detail);
  }
  const { hold, item, settings } = stated;
  if (hold !== null) for (const detail of checkHold(hold, rows.hold)) add(detail);
  if (item !== null) for (const detail of checkItem(item, rows.item)) add(detail);
  if (settings !== null) for (const detail of checkSettings(settings, rows.settings)) add(detail);
  const snapshot = booked?.header.item ?? null;
  if (snapshot !== null && snapshot.priceVersion > 0n) {
    for (const detail of checkSnapshot(snapshot, rows.item)) add(detail);
  }
  return found;
}

/** Compares a transaction as a response shows it with its rows. Its digest stands for all that it says beside sums. */
function* checkBooked(
  { userId, requestId, caller, transaction }: StoredRequest,
  { header, entries }: StatedTransaction,
  { legs }: RowsOfRequest,
): Generator<string> {
  if (header.userId !== userId || header.requestId !== requestId || header.caller !== caller) {
    yield 'its stored response is that of another request';
  }
  if (transaction === null || !transactionDigest(header, entries).equals(transaction.digest)) {
    yield 'its stored response differs from the transaction that it booked';
  }
  const differs = entries.some((entry, index) => {
    const leg = legs[index] ?? null;
    return (
      leg === null ||
      !leg.hash.equals(entry.hash) ||
      leg.balanceAfter !== entry.balanceAfter ||
      leg.debitsAfter !== entry.debitsAfter ||
      entry.effectiveTime !== header.effectiveTime
    );
  });
  if (differs) yield 'its stored response differs from the entries that it booked';
}
