import {
  refusals,
  serviceErrors,
  type SharedReason,
  type Translations,
} from '@ledger/kit/ledger/service-errors';
import type { ErrorReason } from '@ledger/proto/peepcoins/v1/error_reason';

/** The reasons that this service itself sends. The kit adds those that all services share. */
type Reason = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED' | 'UNRECOGNIZED' | SharedReason>;

/** How the errors of this service end its calls. */
export const errors = serviceErrors<Reason>('peepcoins.v1', {
  ROUTE_NOT_FOUND: 'NOT_FOUND',
  ROUTE_NAME_TAKEN: 'ALREADY_EXISTS',
  ALREADY_COMPLETED: 'ALREADY_EXISTS',
  ALREADY_REVIEWED: 'ALREADY_EXISTS',
  COUPON_NOT_FOUND: 'NOT_FOUND',
  COUPON_NAME_TAKEN: 'ALREADY_EXISTS',
  COUPON_CHANGED: 'ABORTED',
  COUPON_WITHDRAWN: 'FAILED_PRECONDITION',
  PRICE_CHANGED: 'FAILED_PRECONDITION',
  INSUFFICIENT_COINS: 'FAILED_PRECONDITION',
  ACCOUNT_FROZEN: 'FAILED_PRECONDITION',
  REQUEST_ID_REUSED: 'ALREADY_EXISTS',
});

/** Creates the errors of PeepCoins. */
export const refuse = refusals<Reason>();

/** The error for a request_id that was used for something else. */
export function reused(requestId: string): ReturnType<typeof refuse> {
  const message = `the request_id ${requestId} was used for something else`;
  return refuse('REQUEST_ID_REUSED', message, { request_id: requestId });
}

/** Translates the ledger's errors for a coupon that is edited or bought. */
export function forCoupon(couponId: string, requestId: string): Translations {
  const coupon = { coupon_id: couponId };
  return {
    ITEM_NOT_FOUND: () => refuse('COUPON_NOT_FOUND', `no coupon ${couponId}, or not in that version`, coupon),
    ITEM_INACTIVE: () => refuse('COUPON_WITHDRAWN', `the coupon ${couponId} was withdrawn`, coupon),
    PRICE_CHANGED: ({ metadata }) => {
      const { current_version: version = '', current_price: price = '' } = metadata;
      const message = `the coupon ${couponId} costs ${price} coins by now (version ${version})`;
      return refuse('PRICE_CHANGED', message, { ...coupon, version, price });
    },
    INSUFFICIENT_FUNDS: ({ metadata }) => {
      const { available: balance = '', required: price = '' } = metadata;
      return refuse('INSUFFICIENT_COINS', `${balance} coins are not ${price}`, { balance, price });
    },
    ACCOUNT_FROZEN: () => refuse('ACCOUNT_FROZEN', 'the account is frozen'),
    CONFLICT: ({ metadata }) => {
      const { expected = '', current = '' } = metadata;
      const message = `the coupon ${couponId} is in version ${current}, not ${expected}`;
      return refuse('COUPON_CHANGED', message, { ...coupon, expected, current });
    },
    REQUEST_ID_REUSED: () => reused(requestId),
  };
}
