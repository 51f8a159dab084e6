import type { JsonValue } from '@bufbuild/protobuf';
import { formatAmount } from './amount';
import { listOf, propertyOf, textOf } from './json';

/**
 * What a transaction did to its own user: the assets, and the changes in the same order, with a space between several
 * of them, such as `PEEP COUPON:BLT` and `-20 1`.
 */
export function ownChangesOf(
  transaction: JsonValue | undefined,
  minor: boolean,
): [assets: string, changes: string] {
  const owner = propertyOf(transaction, 'userId');
  const own = listOf(propertyOf(transaction, 'entries')).filter(
    (entry) => propertyOf(entry, 'userId') === owner,
  );
  const assets = own.map((entry) => textOf(propertyOf(entry, 'asset')) ?? '');
  const changes = own.map((entry, at) =>
    formatAmount(textOf(propertyOf(entry, 'change')) ?? '0', assets[at] ?? '', minor),
  );
  return [assets.join(' '), changes.join(' ')];
}

/** The asset that the price of a purchase is counted in. */
export function firstAssetOf(transaction: JsonValue): string | undefined {
  const [first] = listOf(propertyOf(transaction, 'entries'));
  return textOf(propertyOf(first, 'asset'));
}

/** The asset of the reversible amount. With more than two entries that is no amount: 1 is "as a whole". */
export function reversibleAssetOf(transaction: JsonValue): string | undefined {
  const entries = listOf(propertyOf(transaction, 'entries'));
  return entries.length === 2 ? firstAssetOf(transaction) : undefined;
}
