import { SortOrder, type EntryKind as EntryKindMessage } from '@ledger/proto/ledger/v1/ledger';
import { EntryKind } from '../ledger/transaction';
import type { RequestValidator } from './validator';

const KINDS = Object.values(EntryKind);
const ORDERS = [SortOrder.UNSPECIFIED, SortOrder.NEWEST_FIRST, SortOrder.OLDEST_FIRST];
/** As many kinds as one filter may name. */
const KINDS_MAX = 16;

/** The order of a listing: newest first unless said otherwise. */
export function newestFirst(validator: RequestValidator, order: SortOrder): boolean {
  return validator.enumValue('order', order, ORDERS) !== SortOrder.OLDEST_FIRST;
}

/** The kinds that a listing is cut to. */
export function entryKinds(validator: RequestValidator, kinds: readonly EntryKindMessage[]): EntryKind[] {
  if (kinds.length > KINDS_MAX) validator.addViolation('kinds', `must be up to ${KINDS_MAX}`);
  return kinds.slice(0, KINDS_MAX).map((kind, index) => {
    const known = KINDS.find((value) => value === (kind as number));
    if (known === undefined) validator.addViolation(`kinds[${index}]`, 'is not a known kind');
    return known ?? EntryKind.CREDIT;
  });
}
