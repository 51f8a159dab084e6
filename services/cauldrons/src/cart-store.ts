import { isDeepStrictEqual } from 'node:util';
import type { DataSource, EntityManager } from 'typeorm';
import { noRecipe, refuse, reused } from './errors';
import type { Booking, Customer, GameTime, Mix } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';

/** A cart, and the current era of its shop. */
export interface CartKey {
  readonly shopId: string;
  readonly cartId: string;
  readonly era: bigint;
}

/** What a checkout adds to a cart. */
export interface Checkout {
  readonly payment: string;
  readonly time: GameTime;
}

/** A cart that was checked out. It never changes again. */
export interface Order {
  readonly customer: Customer;
  readonly lines: readonly OrderedPotion[];
}

/** Bottles of one potion, at the price at checkout. */
export interface OrderedPotion {
  readonly sku: string;
  readonly mix: Mix;
  readonly quantity: bigint;
  readonly price: bigint;
}

/** Stores carts. A cart that is checked out is an order. */
export class CartStore {
  constructor(private readonly database: DataSource) {}

  /**
   * Creates an empty cart, or finds the one that an earlier attempt of the same call created.
   *
   * @throws CallError ID_REUSED
   */
  async create({ shopId, cartId, era }: CartKey, customer: Customer, requestId: string): Promise<void> {
    const { customerId, name, characterClass, characterSpecies, level } = customer;
    await this.database.query(
      `INSERT INTO carts (shop_id, cart_id, era, customer_id, customer_name, character_class, character_species, level)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
      [shopId, cartId, era, customerId, name, characterClass, characterSpecies, level],
    );
    const kept = await findCart(this.database, { shopId, cartId });
    if (!isDeepStrictEqual(customerOf(present(kept)), customer)) throw reused(requestId);
  }

  /** @throws CallError CART_NOT_FOUND, CART_CHECKED_OUT, RECIPE_NOT_FOUND */
  async setItem(key: CartKey, sku: string, quantity: bigint): Promise<void> {
    const { shopId, cartId } = key;
    await this.database.transaction(async (transaction) => {
      const cart = await lockCart(transaction, key);
      if (cart.payment !== null) {
        throw refuse('CART_CHECKED_OUT', `the cart ${cartId} was checked out`, { cart_id: cartId });
      }
      const recipes = await transaction.query<object[]>(
        'SELECT FROM recipes WHERE shop_id = $1 AND sku = $2',
        [shopId, sku],
      );
      if (recipes.length === 0) throw noRecipe(sku);
      if (quantity === 0n) {
        await transaction.query('DELETE FROM cart_lines WHERE shop_id = $1 AND cart_id = $2 AND sku = $3', [
          shopId,
          cartId,
          sku,
        ]);
      } else {
        await transaction.query(
          `INSERT INTO cart_lines (shop_id, cart_id, sku, quantity) VALUES ($1, $2, $3, $4)
           ON CONFLICT (shop_id, cart_id, sku) DO UPDATE SET quantity = excluded.quantity`,
          [shopId, cartId, sku, quantity],
        );
      }
    });
  }

  /**
   * Turns a cart into an order at the current prices. If it is an order already, returns that.
   *
   * @throws CallError CART_NOT_FOUND, CART_EMPTY; ID_REUSED when it was checked out with other values
   */
  async order(key: CartKey, checkout: Checkout): Promise<Order> {
    const { shopId, cartId } = key;
    const { payment, time } = checkout;
    return this.database.transaction(async (transaction) => {
      const cart = await lockCart(transaction, key);
      if (cart.payment === null) {
        await transaction.query(
          `UPDATE cart_lines SET price = recipes.price FROM recipes
            WHERE cart_lines.shop_id = $1 AND cart_id = $2
              AND recipes.shop_id = $1 AND recipes.sku = cart_lines.sku`,
          [shopId, cartId],
        );
        await transaction.query(
          'UPDATE carts SET payment = $3, day = $4, hour = $5 WHERE shop_id = $1 AND cart_id = $2',
          [shopId, cartId, payment, time.day, time.hour],
        );
      } else if (cart.payment !== payment || cart.day !== time.day || cart.hour !== time.hour) {
        throw reused(cartId);
      }
      const lines = await linesOf(transaction, key);
      // Thrown before the commit, so that an empty cart stays a cart.
      if (lines.length === 0) throw refuse('CART_EMPTY', `the cart ${cartId} is empty`, { cart_id: cartId });
      return { customer: customerOf(cart), lines };
    });
  }

  /** Records that an order was booked. Only the first call has an effect. */
  async markSold({ shopId, cartId }: CartKey, { transactionId, createTime }: Booking): Promise<void> {
    const { seconds, nanos } = present(createTime);
    await this.database.query(
      `UPDATE carts SET transaction_id = $3, booked_micros = $4
        WHERE shop_id = $1 AND cart_id = $2 AND transaction_id IS NULL`,
      [shopId, cartId, transactionId, seconds * 1_000_000n + BigInt(nanos / 1_000)],
    );
  }
}

/** A row of the table carts. */
interface CartRow extends Customer {
  readonly era: bigint;
  /** Null until the checkout, as are day and hour. */
  readonly payment: string | null;
  readonly day: number | null;
  readonly hour: number | null;
}

/** Locks a cart. Carts end with their era; orders stay, so that a repeated checkout gets the same response. */
async function lockCart(transaction: EntityManager, key: CartKey): Promise<CartRow> {
  const { cartId, era } = key;
  const cart = await findCart(transaction, key, 'FOR UPDATE');
  if (cart === undefined || (cart.payment === null && cart.era !== era)) {
    throw refuse('CART_NOT_FOUND', `no cart ${cartId}`, { cart_id: cartId });
  }
  return cart;
}

async function findCart(
  database: Pick<DataSource, 'query'>,
  { shopId, cartId }: Pick<CartKey, 'shopId' | 'cartId'>,
  lock: 'FOR UPDATE' | '' = '',
): Promise<CartRow | undefined> {
  const [cart] = await database.query<CartRow[]>(
    `SELECT era, customer_id AS "customerId", customer_name AS name, character_class AS "characterClass",
            character_species AS "characterSpecies", level, payment, day, hour
       FROM carts WHERE shop_id = $1 AND cart_id = $2 ${lock}`,
    [shopId, cartId],
  );
  return cart;
}

function customerOf({ customerId, name, characterClass, characterSpecies, level }: CartRow): Customer {
  return { customerId, name, characterClass, characterSpecies, level };
}

async function linesOf(transaction: EntityManager, { shopId, cartId }: CartKey): Promise<OrderedPotion[]> {
  const rows = await transaction.query<(Omit<OrderedPotion, 'mix'> & Mix)[]>(
    `SELECT sku, quantity, cart_lines.price, red, green, blue, dark
       FROM cart_lines JOIN recipes USING (shop_id, sku)
      WHERE shop_id = $1 AND cart_id = $2 ORDER BY sku`,
    [shopId, cartId],
  );
  return rows.map(({ red, green, blue, dark, ...line }) => ({ ...line, mix: { red, green, blue, dark } }));
}
