import type { LedgerClient } from '@ledger/client';
import { factId } from '@ledger/kit/ledger/fact-id';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import type { CartKey, CartStore, Order } from './cart-store';
import { weekdayOf } from './game-time';
import type { CauldronsServiceService, GameTime } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';
import { book, FREE_POTIONS, GOLD, type Movement, potionAsset, readEra } from './shop-account';

type CartMethods = Pick<Handlers<typeof CauldronsServiceService>, 'createCart' | 'setCartItem' | 'checkOut'>;

/**
 * Carts and their sale. A checkout first writes the order with its prices, then books it under a request id derived
 * from the cart, then marks it as sold. After a crash between these steps, a repeat finds the order, books under the
 * same id, and returns what the first call would have returned.
 */
export function cartMethods(carts: CartStore, ledger: LedgerClient): CartMethods {
  return {
    async createCart({ shopId, requestId, customer }, call) {
      const cartId = factId('cart', shopId, requestId);
      const era = await readEra(ledger, shopId, call.ledgerOptions());
      await carts.create({ shopId, cartId, era }, present(customer), requestId);
      return { cartId };
    },

    async setCartItem({ shopId, cartId, sku, quantity }, call) {
      const era = await readEra(ledger, shopId, call.ledgerOptions());
      await carts.setItem({ shopId, cartId, era }, sku, quantity);
      return {};
    },

    async checkOut({ shopId, cartId, payment, time: given }, call) {
      const time = present(given);
      const era = await readEra(ledger, shopId, call.ledgerOptions());
      const key = { shopId, cartId, era };
      const order = await carts.order(key, { payment, time });
      const booking = await book(ledger, saleOf(key, order, time), call.ledgerOptions());
      await carts.markSold(key, booking);
      return { booking, potionsBought: bottlesOf(order), goldPaid: totalOf(order) };
    },
  };
}

/** The movement of a sale: bottles go down and free their room, gold goes up. */
function saleOf({ shopId, cartId }: CartKey, order: Order, { day, hour }: GameTime): Movement {
  const { lines, customer } = order;
  return {
    shopId,
    kind: 'checkout',
    id: cartId,
    changes: {
      ...Object.fromEntries(lines.map(({ mix, quantity }) => [potionAsset(mix), -quantity])),
      [FREE_POTIONS]: bottlesOf(order),
      [GOLD]: totalOf(order),
    },
    description: `sold ${bottlesOf(order)} bottles`,
    metadata: {
      weekday: weekdayOf(day).name,
      hour: String(hour),
      customer_id: customer.customerId,
      character_class: customer.characterClass,
      character_species: customer.characterSpecies,
      level: String(customer.level),
    },
    skus: new Map(lines.map(({ mix, sku }) => [potionAsset(mix), sku])),
  };
}

function bottlesOf({ lines }: Order): bigint {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0n);
}

function totalOf({ lines }: Order): bigint {
  return lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0n);
}
