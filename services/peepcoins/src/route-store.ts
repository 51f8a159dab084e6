import type { DataSource } from 'typeorm';
import { refuse, reused } from './errors';
import type { Route } from '@ledger/proto/peepcoins/v1/peepcoins_service';

/** A user's review of a route, and the request id of the call that wrote it. */
export interface Review {
  readonly userId: string;
  readonly requestId: string;
  readonly rating: number;
  readonly difficulty: number;
}

/** Routes and reviews. Rows are never changed or deleted. */
export class RouteStore {
  constructor(private readonly database: DataSource) {}

  /**
   * Writes a route, or finds the one that an earlier attempt of the same call wrote.
   *
   * @throws CallError ROUTE_NAME_TAKEN, REQUEST_ID_REUSED
   */
  async keepRoute(route: Route, requestId: string): Promise<void> {
    const { routeId, name, userId, reward } = route;
    const written = await this.database.query<object[]>(
      `INSERT INTO routes (route_id, name, user_id, reward) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING route_id`,
      [routeId, name, userId, reward],
    );
    if (written.length > 0) return;
    const kept = await this.findRoute(routeId);
    if (kept === undefined) throw refuse('ROUTE_NAME_TAKEN', `there is a route ${name}`, { name });
    if (kept.name !== name || kept.reward !== reward) throw reused(requestId);
  }

  /** @throws CallError ROUTE_NOT_FOUND */
  async route(routeId: string): Promise<Route> {
    const route = await this.findRoute(routeId);
    if (route === undefined) throw refuse('ROUTE_NOT_FOUND', `no route ${routeId}`, { route_id: routeId });
    return route;
  }

  /**
   * Writes a review, or finds the one that an earlier attempt of the same call wrote.
   *
   * @throws CallError ALREADY_REVIEWED, REQUEST_ID_REUSED
   */
  async keepReview({ routeId, name }: Route, review: Review): Promise<void> {
    const { userId, requestId, rating, difficulty } = review;
    const written = await this.database.query<object[]>(
      `INSERT INTO reviews (user_id, route_id, request_id, rating, difficulty) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING route_id`,
      [userId, routeId, requestId, rating, difficulty],
    );
    if (written.length > 0) return;
    const [kept] = await this.database.query<Review[]>(
      `SELECT user_id AS "userId", request_id AS "requestId", rating, difficulty
         FROM reviews WHERE user_id = $1 AND route_id = $2`,
      [userId, routeId],
    );
    if (kept?.requestId !== requestId) {
      throw refuse('ALREADY_REVIEWED', `${userId} has reviewed ${name} before`, { route_id: routeId });
    }
    if (kept.rating !== rating || kept.difficulty !== difficulty) throw reused(requestId);
  }

  private async findRoute(routeId: string): Promise<Route | undefined> {
    const [route] = await this.database.query<Route[]>(
      `SELECT route_id AS "routeId", name, user_id AS "userId", reward FROM routes WHERE route_id = $1`,
      [routeId],
    );
    return route;
  }
}
