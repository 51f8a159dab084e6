import type { Handlers } from '@ledger/kit/ledger/unary-service';
import { isDeepStrictEqual } from 'node:util';
import type { DataSource } from 'typeorm';
import { refuse, reused } from './errors';
import type {
  CauldronsServiceService,
  Customer,
  GetVisitResponse,
} from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { present } from './present';

type VisitMethods = Pick<Handlers<typeof CauldronsServiceService>, 'recordVisit' | 'getVisit'>;

/** Visits of customers. Rows are never changed or deleted. The ledger is not involved. */
export function visitMethods(database: DataSource): VisitMethods {
  return {
    async recordVisit({ shopId, visitId, time, customers }) {
      const { day, hour } = present(time);
      await database.query(
        `INSERT INTO visits (shop_id, visit_id, day, hour, customers) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING`,
        [shopId, visitId, day, hour, JSON.stringify(customers)],
      );
      const kept = await findVisit(database, shopId, visitId);
      if (!isDeepStrictEqual(kept, { time: { day, hour }, customers })) throw reused(visitId);
      return {};
    },

    async getVisit({ shopId, visitId }) {
      const visit = await findVisit(database, shopId, visitId);
      if (visit === undefined) throw refuse('VISIT_NOT_FOUND', `no visit ${visitId}`, { visit_id: visitId });
      return visit;
    },
  };
}

async function findVisit(
  database: DataSource,
  shopId: string,
  visitId: string,
): Promise<GetVisitResponse | undefined> {
  const [row] = await database.query<{ day: number; hour: number; customers: Customer[] }[]>(
    'SELECT day, hour, customers FROM visits WHERE shop_id = $1 AND visit_id = $2',
    [shopId, visitId],
  );
  return row && { time: { day: row.day, hour: row.hour }, customers: row.customers };
}
