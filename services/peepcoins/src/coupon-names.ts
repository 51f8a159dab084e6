import type { DataSource } from 'typeorm';
import { refuse } from './errors';

/** The names that the coupons of a business have or had. Rows are never changed or deleted. */
export class CouponNames {
  constructor(private readonly database: DataSource) {}

  /**
   * Reserves a name for a coupon, permanently.
   *
   * @throws CallError COUPON_NAME_TAKEN when another coupon of the business has or had it
   */
  async reserve(businessId: string, name: string, couponId: string): Promise<void> {
    const written = await this.database.query<object[]>(
      `INSERT INTO coupon_names (business_id, name, coupon_id) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING RETURNING coupon_id`,
      [businessId, name, couponId],
    );
    if (written.length > 0) return;
    const own = await this.database.query<object[]>(
      'SELECT 1 FROM coupon_names WHERE business_id = $1 AND name = $2 AND coupon_id = $3',
      [businessId, name, couponId],
    );
    if (own.length === 0) throw refuse('COUPON_NAME_TAKEN', `there is a coupon ${name}`, { name });
  }

  /** @throws CallError COUPON_NOT_FOUND unless the coupon is one of the business */
  async checkOwner(businessId: string, couponId: string): Promise<void> {
    const names = await this.database.query<object[]>(
      'SELECT 1 FROM coupon_names WHERE business_id = $1 AND coupon_id = $2 LIMIT 1',
      [businessId, couponId],
    );
    if (names.length > 0) return;
    const message = `${businessId} has no coupon ${couponId}`;
    throw refuse('COUPON_NOT_FOUND', message, { coupon_id: couponId });
  }

  /** The ids of the coupons of a business after the given one, in order. */
  async couponIds(businessId: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.query<{ coupon_id: string }[]>(
      `SELECT DISTINCT coupon_id FROM coupon_names
        WHERE business_id = $1 AND coupon_id > $2 ORDER BY coupon_id LIMIT $3`,
      [businessId, after, limit],
    );
    return rows.map((row) => row.coupon_id);
  }
}
