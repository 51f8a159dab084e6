import type { Balance, LedgerClient } from '@ledger/client';
import { readHistory } from '@ledger/kit/ledger/history';
import type { Call, Handlers } from '@ledger/kit/ledger/unary-service';
import { COUPONS } from './coupons';
import type { PeepcoinsServiceService } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { movementOf, PEEP } from './movement';

const PAGE_SIZE = 20;

/** The most accounts that the ledger returns in one response, which is one snapshot. */
const ASSETS_MAX = 1_000;

type BalanceMethods = Pick<Handlers<typeof PeepcoinsServiceService>, 'getBalance' | 'listHistory'>;

/** Balances and history of users. */
export function balanceMethods(ledger: LedgerClient): BalanceMethods {
  return {
    async getBalance({ userId }, call) {
      const balances = await balancesOf(userId, ledger, call);
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

/** The coins of a user, and as many coupons as fit, in one snapshot. */
async function balancesOf(userId: string, ledger: LedgerClient, call: Call): Promise<readonly Balance[]> {
  const page = { userId, pageSize: ASSETS_MAX };
  const { balances, nextPageToken } = await ledger.listBalances(page, call.ledgerOptions());
  if (nextPageToken === '' || balances.some(({ asset }) => asset === PEEP)) return balances;
  // The coins are on a later page, which would be another snapshot. Asking for the accounts by name reads one snapshot.
  const coupons = balances.map(({ asset }) => asset).filter((asset) => asset.startsWith(COUPONS));
  const accounts = [PEEP, ...coupons].slice(0, ASSETS_MAX).map((asset) => ({ userId, asset }));
  return (await ledger.batchGetBalances({ accounts }, call.ledgerOptions())).balances;
}
