import type { CallOptions, LedgerClient } from '@ledger/client';
import { factId } from '@ledger/kit/ledger/fact-id';
import { translated } from '@ledger/kit/rpc/service-error';
import type { Handlers } from '@ledger/kit/rpc/unary-service';
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
 * Routes and their rewards. The row is written first, then the reward is booked, under a request id that follows from
 * the fact: `peepcoins:route-added:<route>`. A crash between the two leaves a row without its reward; the repeat of the
 * call finds the row, books under the same id, and gets the answer that the first one would have got.
 */
export function routeMethods(store: RouteStore, ledger: LedgerClient): RouteMethods {
  return {
    async addRoute({ requestId, userId, name, reward: wanted }, call) {
      const reward = wanted === 0n ? REWARD_FOR_COMPLETING : wanted;
      const route = { routeId: factId('route', userId, requestId), name, userId, reward };
      await store.keepRoute(route, requestId);
      const deed = { deed: 'added', userId, route, amount: REWARD_FOR_ADDING } as const;
      return { route, movement: await rewardFor(deed, ledger, call.ledgerOptions()) };
    },

    async completeRoute({ requestId, userId, routeId }, call) {
      const route = await store.route(routeId);
      // No row: the ledger books the fact once. The caller's request_id is part of what it compares, so that a repeat
      // gets the first answer and a second completion does not.
      const metadata = { request_id: requestId };
      const deed = { deed: 'completed', userId, route, amount: route.reward, metadata } as const;
      try {
        return { movement: await rewardFor(deed, ledger, call.ledgerOptions()) };
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
      const deed = { deed: 'reviewed', userId, route, amount: REWARD_FOR_REVIEWING } as const;
      return { movement: await rewardFor(deed, ledger, call.ledgerOptions()) };
    },
  };
}

/** What a user is rewarded for: once per user and route. */
interface Deed {
  readonly deed: 'added' | 'completed' | 'reviewed';
  readonly userId: string;
  readonly route: Route;
  readonly amount: bigint;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Books a reward once, however often it is called. */
async function rewardFor(what: Deed, ledger: LedgerClient, options: CallOptions): Promise<Movement> {
  const { deed, userId, route, amount, metadata = {} } = what;
  const credit = {
    requestId: `peepcoins:route-${deed}:${route.routeId}`,
    userId,
    asset: PEEP,
    amount,
    description: `${deed} ${route.name}`,
    reference: route.routeId,
    metadata,
  };
  const { transaction } = await ledger.credit(credit, options);
  return coinsOf(transaction);
}
