import type { LedgerClient } from '@ledger/client';
import { readHistory } from '@ledger/kit/history';
import type { Handlers } from '@ledger/kit/unary-service';
import { COUPONS } from './coupons';
import type { PeepcoinsServiceService } from './gen/peepcoins/v1/peepcoins_service';
import { movementOf, PEEP } from './movement';

const PAGE_SIZE = 20;

/** As many as the ledger gives in one answer, which is one snapshot. */
const ASSETS_MAX = 1_000;

type BalanceMethods = Pick<Handlers<typeof PeepcoinsServiceService>, 'getBalance' | 'listHistory'>;

/** What users have, and how they came to it. */
export function balanceMethods(ledger: LedgerClient): BalanceMethods {
  return {
    async getBalance({ userId }, call) {
      const { balances } = await ledger.listBalances({ userId, pageSize: ASSETS_MAX }, call.ledgerOptions());
      const owned = balances.filter(({ asset, balance }) => asset.startsWith(COUPONS) && balance > 0n);
      return {
        balance: balances.find(({ asset }) => asset === PEEP)?.balance ?? 0n,
        coupons: owned.map(({ asset, balance }) => ({
          couponId: asset.slice(COUPONS.length),
          count: balance,
        })),
      };
    },

    async listHistory({ userId, pageSize, pageToken }, call) {
      const query = { userId, asset: PEEP, pageSize: pageSize === 0 ? PAGE_SIZE : pageSize, pageToken };
      const { movements, nextPageToken } = await readHistory(ledger, query, call.ledgerOptions());
      return {
        movements: movements.map(({ entry, transaction }) => movementOf(entry, transaction)),
        nextPageToken,
      };
    },
  };
}
