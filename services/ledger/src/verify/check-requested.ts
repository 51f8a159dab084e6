import { etagOf } from '../ledger/account';
import { HoldState } from '../ledger/hold';
import type { ItemSnapshot } from '../ledger/item';
import type { StatedHold, StatedItem, StatedSettings } from '../ledger/stated-outcome';
import type { StoredHold, StoredItem, StoredSettings } from '../store/statements/read-requested-rows';
import { metadataOf } from './check-transaction';

/**
 * Rows that change, or that no hash covers, against what the responses to their requests say. The expiry of a hold is
 * left out: `held` and `next_hold_expiry` are checked against it.
 */

/** A hold: what it was placed with, and how a response says that it ended. */
export function* checkHold(stated: StatedHold, stored: StoredHold | undefined): Generator<string> {
  if (stored === undefined) {
    yield `the hold ${stated.holdId} is missing`;
    return;
  }
  const placed = ({ asset, amount, destination, createTime }: StatedHold | StoredHold): string =>
    `${amount} of ${asset} for ${destination} at ${createTime} µs`;
  if (placed(stated) !== placed(stored)) {
    yield `the hold ${stated.holdId} is of ${placed(stored)}, its stored response says ${placed(stated)}`;
  }
  if (stated.state === HoldState.OPEN) return;
  // It ended once: a hold that was opened and ended again has the time of its second end.
  const ended = ({ state, capturedAmount, updateTime }: StatedHold | StoredHold): string =>
    `in state ${state} with ${capturedAmount} captured since ${updateTime} µs`;
  if (ended(stated) !== ended(stored)) {
    yield `the hold ${stated.holdId} is ${ended(stored)}, its stored response says ${ended(stated)}`;
  }
}

/** A version of an item. */
export function* checkItem(stated: StatedItem, stored: StoredItem | undefined): Generator<string> {
  const said = ({ name, asset, price, active, grantAsset, createTime }: StatedItem | StoredItem): string =>
    [name, asset, price, active, grantAsset, createTime].join(' | ');
  const version = `version ${stated.version} of item ${stated.itemId}`;
  if (stored === undefined) yield `${version} is missing`;
  else if (said(stated) !== said(stored)) {
    yield `${version} is ${said(stored)}, its stored response says ${said(stated)}`;
  }
}

/** What a purchase keeps of the version that it paid. */
export function* checkSnapshot(snapshot: ItemSnapshot, stored: StoredItem | undefined): Generator<string> {
  const { itemId, priceVersion, name, unitPrice } = snapshot;
  if (stored?.name === name && stored.price === unitPrice) return;
  const found = stored === undefined ? 'missing' : `${stored.name} at ${stored.price}`;
  yield `version ${priceVersion} of item ${itemId} is ${found}, it was sold as ${name} at ${unitPrice}`;
}

/** The settings of an account: those of the response, unless a later request has changed them since. */
export function* checkSettings(
  stated: StatedSettings,
  stored: StoredSettings | undefined,
): Generator<string> {
  const account = `account ${stated.userId} ${stated.asset}`;
  if (stored === undefined) {
    yield `the ${account} is missing`;
    return;
  }
  const etag = etagOf({ version: stored.version });
  if (etag !== stated.etag) {
    if (stored.version < BigInt(stated.etag.slice(1))) {
      yield `the settings of ${account} have etag ${etag}, an older one than ${stated.etag} of its stored response`;
    }
    return;
  }
  const said = (
    { minBalance, frozen }: StatedSettings | StoredSettings,
    metadata: StatedSettings['metadata'] | null,
  ): string => `${minBalance} ${frozen ? 'frozen' : 'open'} ${JSON.stringify(metadata)}`;
  const [row, response] = [said(stored, metadataOf(stored.metadata)), said(stated, stated.metadata)];
  if (row !== response) yield `the settings of ${account} are ${row}, its stored response says ${response}`;
}
