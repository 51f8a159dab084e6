import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recipes, carts (orders once they are checked out) and visits. The stock of a shop is only in the ledger. */
export class CreateShop1764000000000 implements MigrationInterface {
  readonly name = 'CreateShop1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE recipes (
        shop_id text NOT NULL,
        sku text COLLATE "C" NOT NULL,
        name text NOT NULL,
        red bigint NOT NULL,
        green bigint NOT NULL,
        blue bigint NOT NULL,
        dark bigint NOT NULL,
        price bigint NOT NULL CHECK (price BETWEEN 1 AND 500),
        offered boolean NOT NULL,
        PRIMARY KEY (shop_id, sku),
        UNIQUE (shop_id, red, green, blue, dark),
        CHECK (red + green + blue + dark = 100)
      )`);
    // Payment and game time come with the checkout, the transaction when the ledger has booked it.
    await runner.query(`
      CREATE TABLE carts (
        shop_id text NOT NULL,
        cart_id text COLLATE "C" NOT NULL,
        era bigint NOT NULL,
        customer_id text NOT NULL,
        customer_name text COLLATE "C" NOT NULL,
        character_class text NOT NULL,
        character_species text NOT NULL,
        level integer NOT NULL,
        payment text,
        day integer,
        hour integer,
        transaction_id text,
        booked_micros bigint,
        PRIMARY KEY (shop_id, cart_id),
        CHECK (num_nulls(payment, day, hour) IN (0, 3)),
        CHECK (num_nulls(transaction_id, booked_micros) IN (0, 2) AND (transaction_id IS NULL OR payment IS NOT NULL))
      )`);
    await runner.query(`
      CREATE INDEX carts_sold ON carts (shop_id, booked_micros) WHERE transaction_id IS NOT NULL`);
    // The price is that of the checkout.
    await runner.query(`
      CREATE TABLE cart_lines (
        shop_id text NOT NULL,
        cart_id text COLLATE "C" NOT NULL,
        sku text COLLATE "C" NOT NULL,
        quantity bigint NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
        price bigint,
        PRIMARY KEY (shop_id, cart_id, sku),
        FOREIGN KEY (shop_id, cart_id) REFERENCES carts,
        FOREIGN KEY (shop_id, sku) REFERENCES recipes
      )`);
    // A visit is only ever read as a whole.
    await runner.query(`
      CREATE TABLE visits (
        shop_id text NOT NULL,
        visit_id text NOT NULL,
        day integer NOT NULL,
        hour integer NOT NULL,
        customers jsonb NOT NULL,
        PRIMARY KEY (shop_id, visit_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['visits', 'cart_lines', 'carts', 'recipes'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
