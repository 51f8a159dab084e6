import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Routes, what users think of them, and which names belong to which coupons. All rows are written once. */
export class CreateRoutes1764000000000 implements MigrationInterface {
  readonly name = 'CreateRoutes1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE routes (
        route_id text PRIMARY KEY,
        name text NOT NULL UNIQUE,
        user_id text NOT NULL,
        reward bigint NOT NULL CHECK (reward > 0),
        create_time timestamptz NOT NULL DEFAULT now()
      )`);
    // The primary key is the rule: one review per user and route.
    await runner.query(`
      CREATE TABLE reviews (
        user_id text NOT NULL,
        route_id text NOT NULL REFERENCES routes,
        request_id text NOT NULL,
        rating integer NOT NULL CHECK (rating BETWEEN 1 AND 5),
        difficulty integer NOT NULL CHECK (difficulty BETWEEN 1 AND 5),
        create_time timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (user_id, route_id)
      )`);
    // A name that a coupon ever had stays its own, so that nobody takes a new coupon for an old one.
    await runner.query(`
      CREATE TABLE coupon_names (
        business_id text NOT NULL,
        name text NOT NULL,
        coupon_id text COLLATE "C" NOT NULL,
        PRIMARY KEY (business_id, name)
      )`);
    await runner.query('CREATE INDEX coupon_names_of_business ON coupon_names (business_id, coupon_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['coupon_names', 'reviews', 'routes']) await runner.query(`DROP TABLE ${table}`);
  }
}
