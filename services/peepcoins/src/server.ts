import { Contract } from '@ledger/kit/rpc/contract';
import { openDatabase } from '@ledger/kit/postgres/database';
import type { DatabaseSettings, ServiceSettings } from '@ledger/kit/server/environment';
import { connectLedger } from '@ledger/kit/ledger/ledger-connection';
import { startServer, type RunningService } from '@ledger/kit/server/server';
import type { ServiceLog } from '@ledger/kit/server/service-log';
import { unaryService } from '@ledger/kit/rpc/unary-service';
import { balanceMethods } from './balances';
import { CouponNames } from './coupon-names';
import { couponMethods } from './coupons';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import { PeepcoinsServiceService } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { CreateRoutes1764000000000 } from './migrations/1764000000000-create-routes';
import { RouteStore } from './route-store';
import { routeMethods } from './routes';

/** All migrations, oldest first. Add new ones at the end, and never edit a released one. */
const migrations = [CreateRoutes1764000000000];

/** The composition root, called by main and by the tests. */
export async function startPeepcoins(
  settings: ServiceSettings & DatabaseSettings,
  log: ServiceLog,
): Promise<RunningService> {
  const database = await openDatabase('peepcoins', settings, migrations);
  const ledger = connectLedger(settings);
  return startServer({
    settings,
    log,
    contract: new Contract(DESCRIPTOR_SET_BASE64),
    services: [
      unaryService(PeepcoinsServiceService, {
        ...routeMethods(new RouteStore(database), ledger),
        ...couponMethods(new CouponNames(database), ledger),
        ...balanceMethods(ledger),
      }),
    ],
    ping: () => Promise.all([database.query('SELECT 1'), ledger.waitForReady(settings.healthIntervalMs)]),
    close: async () => {
      ledger.close();
      await database.destroy();
    },
  });
}
