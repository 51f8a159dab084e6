import type { CallOptions, LedgerClient } from '@ledger/client';
import { factId } from '@ledger/kit/ledger/fact-id';
import { translated } from '@ledger/kit/ledger/service-errors';
import type { Handlers } from '@ledger/kit/ledger/unary-service';
import { refuse } from './errors';
import type { Movement, PeepcoinsServiceService, Route } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { coinsOf, PEEP } from './movement';
import type { RouteStore } from './route-store';

const REWARD_FOR_ADDING = 5n;
const REWARD_FOR_COMPLETING = 15n;
const REWARD_FOR_REVIEWING = 5n;

type RouteMethods = Pick<
  Handlers<typeof PeepcoinsServiceService>,
  'addRoute' | 'completeRoute' | 'reviewRoute'
>;

/**
 * Routes and their rewards. A call first writes the row, then books the reward. The request id of the booking is
 * derived from the fact, as in `peepcoins:route-added:<route>`. A crash between the two steps leaves a row without its
 * reward; a repeat of the call finds the row, books under the same id, and returns what the first call would have
 * returned.
 */
export function routeMethods(store: RouteStore, ledger: LedgerClient): RouteMethods {
  return {
    async addRoute({ requestId, userId, name, reward: wanted }, call) {
      const reward = wanted === 0n ? REWARD_FOR_COMPLETING : wanted;
      const route = { routeId: factId('route', userId, requestId), name, userId, reward };
      await store.keepRoute(route, requestId);
      const achievement = { kind: 'added', userId, route, amount: REWARD_FOR_ADDING } as const;
      return { route, movement: await rewardFor(achievement, ledger, call.ledgerOptions()) };
    },

    async completeRoute({ requestId, userId, routeId }, call) {
      const route = await store.route(routeId);
      // A completion needs no row, because the ledger books each fact once. The metadata contains the caller's request
      // id, so that a repeat is replayed, but a second completion is refused.
      const metadata = { request_id: requestId };
      const achievement = { kind: 'completed', userId, route, amount: route.reward, metadata } as const;
      try {
        return { movement: await rewardFor(achievement, ledger, call.ledgerOptions()) };
      } catch (error) {
        const message = `${userId} has completed ${route.name} before`;
        throw translated(error, {
          REQUEST_ID_REUSED: () => refuse('ALREADY_COMPLETED', message, { route_id: routeId }),
        });
      }
    },

    async reviewRoute({ requestId, userId, routeId, rating, difficulty }, call) {
      const route = await store.route(routeId);
      await store.keepReview(route, { userId, requestId, rating, difficulty });
      const achievement = { kind: 'reviewed', userId, route, amount: REWARD_FOR_REVIEWING } as const;
      return { movement: await rewardFor(achievement, ledger, call.ledgerOptions()) };
    },
  };
}

/** What a user is rewarded for. */
interface Achievement {
  readonly kind: 'added' | 'completed' | 'reviewed';
  readonly userId: string;
  readonly route: Route;
  readonly amount: bigint;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Books a reward. Repeats do not book it again. */
async function rewardFor(
  achievement: Achievement,
  ledger: LedgerClient,
  options: CallOptions,
): Promise<Movement> {
  const { kind, userId, route, amount, metadata = {} } = achievement;
  const credit = {
    requestId: `peepcoins:route-${kind}:${route.routeId}`,
    userId,
    asset: PEEP,
    amount,
    description: `${kind} ${route.name}`,
    reference: route.routeId,
    metadata,
  };
  const { transaction } = await ledger.credit(credit, options);
  return coinsOf(transaction);
}
