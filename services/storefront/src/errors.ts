import {
  refusals,
  serviceErrors,
  type SharedReason,
  type Translations,
} from '@ledger/kit/ledger/service-errors';
import { invalidField } from '@ledger/kit/rpc/request-check';
import type { ErrorReason } from '@ledger/proto/storefront/v1/error_reason';

/** The reasons that this service itself sends. The kit adds those that all services share. */
type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED' | SharedReason>;

/** How the errors of this service end its calls. */
export const errors = serviceErrors<Reason>('storefront.v1', {
  NO_USER: 'UNAUTHENTICATED',
  NOT_YOUR_ACCOUNT: 'PERMISSION_DENIED',
  ITEM_NOT_FOUND: 'NOT_FOUND',
  ITEM_NOT_ON_SALE: 'FAILED_PRECONDITION',
  PRICE_CHANGED: 'FAILED_PRECONDITION',
  INSUFFICIENT_CREDIT: 'FAILED_PRECONDITION',
  ACCOUNT_FROZEN: 'FAILED_PRECONDITION',
  IDEMPOTENCY_KEY_REUSED: 'ALREADY_EXISTS',
  ITEM_CHANGED: 'ABORTED',
});

/** Creates the errors of the storefront. */
export const refuse = refusals<Reason>();

/** Translates the ledger's errors for an item. */
export function forItem(itemId: string): Translations {
  const item = { item_id: itemId };
  return {
    ...forKey,
    ITEM_NOT_FOUND: () => refuse('ITEM_NOT_FOUND', `no item ${itemId}, or not in that version`, item),
    ITEM_INACTIVE: () => refuse('ITEM_NOT_ON_SALE', `${itemId} is not on sale`, item),
    PRICE_CHANGED: ({ metadata }) => {
      const { current_version: version = '', current_price: price = '' } = metadata;
      const message = `${itemId} costs ${price} cents by now (version ${version})`;
      return refuse('PRICE_CHANGED', message, { ...item, version, price_cents: price });
    },
    INSUFFICIENT_FUNDS: ({ metadata }) => {
      const { available: balance = '', required: price = '' } = metadata;
      const message = `the balance is ${balance} cents, the price ${price}`;
      return refuse('INSUFFICIENT_CREDIT', message, { balance_cents: balance, price_cents: price });
    },
    ACCOUNT_FROZEN: () => refuse('ACCOUNT_FROZEN', 'the account is frozen'),
    CONFLICT: ({ metadata }) => {
      const { expected = '', current = '' } = metadata;
      const message = `${itemId} is in version ${current}, not ${expected}`;
      return refuse('ITEM_CHANGED', message, { ...item, expected, current });
    },
  };
}

/** Translates the ledger's error for any write. */
export const forKey: Translations = {
  REQUEST_ID_REUSED: ({ metadata }) => {
    const key = metadata['request_id'] ?? '';
    const message = `the idempotency key ${key} was used for something else`;
    return refuse('IDEMPOTENCY_KEY_REUSED', message, { idempotency_key: key });
  },
};

/**
 * Translates the ledger's error for a page of items. Only the token can be wrong, since all else was checked before.
 */
export const badToken: Translations = {
  INVALID_FIELD: () => invalidField('page_token', 'must come from the page before'),
};
