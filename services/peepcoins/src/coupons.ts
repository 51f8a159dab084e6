import { type CallOptions, type Item, type LedgerClient, LedgerError } from '@ledger/client';
import { factId } from '@ledger/kit/ledger/fact-id';
import { translated } from '@ledger/kit/ledger/service-errors';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import type { CouponNames } from './coupon-names';
import { forCoupon } from './errors';
import type { Coupon, PeepcoinsServiceService } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { coinsOf, entryOf, PEEP } from './movement';

/** The prefix of our items in the ledger's catalog, which other systems share. */
const ITEMS = 'peepcoins/';

/** The prefix of coupon assets. A user's balance of such an asset is the number of coupons owned. */
export const COUPONS = 'COUPON:';

const PAGE_SIZE = 20;

type CouponMethods = Pick<
  Handlers<typeof PeepcoinsServiceService>,
  'addCoupon' | 'editCoupon' | 'withdrawCoupon' | 'listCoupons' | 'buyCoupon'
>;

/**
 * Coupons are items of the ledger's catalog, so that a purchase reads the price in the same transaction that takes the
 * coins and grants the coupon. Our own database stores only which names are taken. A call first reserves the name; then
 * the ledger decides, also between two concurrent editors. A crash between the two steps leaves the name reserved for
 * this coupon, which is harmless: a repeat of the call finds the reservation and goes on.
 */
export function couponMethods(names: CouponNames, ledger: LedgerClient): CouponMethods {
  return {
    async addCoupon({ requestId, businessId, name, price }, call) {
      const couponId = factId('coupon', businessId, requestId);
      await names.reserve(businessId, name, couponId);
      const draft = { couponId, requestId, name, price, onOffer: true, expectedVersion: 0n };
      return { coupon: couponOf(businessId, await put(draft, ledger, call.ledgerOptions())) };
    },

    async editCoupon({ requestId, businessId, couponId, expectedVersion, name, price }, call) {
      await names.checkOwner(businessId, couponId);
      await names.reserve(businessId, name, couponId);
      const draft = { couponId, requestId, name, price, onOffer: true, expectedVersion };
      return { coupon: couponOf(businessId, await put(draft, ledger, call.ledgerOptions())) };
    },

    async withdrawCoupon({ requestId, businessId, couponId, expectedVersion }, call) {
      await names.checkOwner(businessId, couponId);
      // A version never changes, so a repeat of this call reads the same values.
      const seen = await ledger
        .getItem({ itemId: ITEMS + couponId, version: expectedVersion }, call.ledgerOptions())
        .catch((error: unknown) => {
          throw translated(error, forCoupon(couponId, requestId));
        });
      const { name, price } = seen.item;
      const draft = { couponId, requestId, name, price, onOffer: false, expectedVersion };
      return { coupon: couponOf(businessId, await put(draft, ledger, call.ledgerOptions())) };
    },

    async listCoupons({ businessId, pageSize, pageToken }, call) {
      const limit = pageSize === 0 ? PAGE_SIZE : pageSize;
      const found = await names.couponIds(businessId, pageToken, limit + 1);
      const page = found.slice(0, limit);
      const items = await Promise.all(
        page.map((couponId) => findCurrent(couponId, ledger, call.ledgerOptions())),
      );
      return {
        coupons: items.flatMap((item) => (item?.active === true ? [couponOf(businessId, item)] : [])),
        nextPageToken: found.length > limit ? (page.at(-1) ?? '') : '',
      };
    },

    async buyCoupon({ requestId, userId, couponId, version }, call) {
      const item = { itemId: ITEMS + couponId, quantity: 1n, priceVersion: version };
      const purchase = {
        requestId: `peepcoins:coupon-bought:${requestId}`,
        userId,
        subject: { $case: 'item', value: item },
      } as const;
      try {
        const { transaction } = await ledger.purchase(purchase, call.ledgerOptions());
        const { balanceAfter: owned } = entryOf(transaction, COUPONS + couponId);
        return { movement: coinsOf(transaction), version, owned };
      } catch (error) {
        throw translated(error, forCoupon(couponId, requestId));
      }
    },
  };
}

/** The desired state of a coupon. */
interface Draft {
  readonly couponId: string;
  readonly requestId: string;
  readonly name: string;
  readonly price: bigint;
  readonly onOffer: boolean;
  /** The current version that is required; 0 to require none. */
  readonly expectedVersion: bigint;
}

/** Creates the next version of a coupon, once per request id. */
async function put(draft: Draft, ledger: LedgerClient, options: CallOptions): Promise<Item> {
  const { couponId, requestId, name, price, onOffer, expectedVersion } = draft;
  const item = {
    requestId: `peepcoins:coupon:${couponId}:${requestId}`,
    itemId: ITEMS + couponId,
    name,
    asset: PEEP,
    price,
    active: onOffer,
    grantAsset: COUPONS + couponId,
    expectedVersion,
  };
  try {
    return (await ledger.putItem(item, options)).item;
  } catch (error) {
    throw translated(error, forCoupon(couponId, requestId));
  }
}

/** The current version; undefined when only the name is reserved so far. */
async function findCurrent(
  couponId: string,
  ledger: LedgerClient,
  options: CallOptions,
): Promise<Item | undefined> {
  try {
    return (await ledger.getItem({ itemId: ITEMS + couponId }, options)).item;
  } catch (error) {
    if (error instanceof LedgerError && error.reason === 'ITEM_NOT_FOUND') return undefined;
    throw error;
  }
}

function couponOf(businessId: string, { itemId, name, price, version, active }: Item): Coupon {
  return { couponId: itemId.slice(ITEMS.length), businessId, name, price, version, onOffer: active };
}
