import { SortOrder, type EntryKind as EntryKindMessage } from '@ledger/proto/ledger/v1/ledger';
import { EntryKind } from '../ledger/transaction';
import type { Shape } from './validator';

const KINDS = Object.values(EntryKind);
const ORDERS = [SortOrder.UNSPECIFIED, SortOrder.NEWEST_FIRST, SortOrder.OLDEST_FIRST];
/** As many kinds as one filter may name. */
const KINDS_MAX = 16;

/** The order of a listing: newest first unless said otherwise. */
export function newestFirst(shape: Shape, order: SortOrder): boolean {
  return shape.enumValue('order', order, ORDERS) !== SortOrder.OLDEST_FIRST;
}

/** The kinds that a listing is cut to. */
export function entryKinds(shape: Shape, kinds: readonly EntryKindMessage[]): EntryKind[] {
  if (kinds.length > KINDS_MAX) shape.violate('kinds', `must be up to ${KINDS_MAX}`);
  return kinds.slice(0, KINDS_MAX).map((kind, index) => {
    const known = KINDS.find((value) => value === (kind as number));
    if (known === undefined) shape.violate(`kinds[${index}]`, 'is not a known kind');
    return known ?? EntryKind.CREDIT;
  });
}
