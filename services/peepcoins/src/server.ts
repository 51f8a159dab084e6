import { openDatabase, type DatabaseSettings } from '@ledger/kit/postgres/database';
import type { ServiceSettings } from '@ledger/kit/ledger/service-settings';
import { connectLedger } from '@ledger/kit/ledger/ledger-connection';
import { startService } from '@ledger/kit/ledger/start-service';
import type { RunningServer } from '@ledger/kit/server/server';
import type { ServerLog } from '@ledger/kit/server/server-log';
import { unaryService } from '@ledger/kit/ledger/unary-service';
import { errors } from './errors';
import { balanceMethods } from './balances';
import { CouponNames } from './coupon-names';
import { couponMethods } from './coupons';
import { PeepcoinsServiceService } from '@ledger/proto/peepcoins/v1/peepcoins_service';
import { CreateRoutes1764000000000 } from './migrations/1764000000000-create-routes';
import { RouteStore } from './route-store';
import { routeMethods } from './routes';

/** All migrations, oldest first. Add new ones at the end, and never edit a released one. */
const migrations = [CreateRoutes1764000000000];

/** The composition root, called by main and by the tests. */
export async function startPeepcoins(
  settings: ServiceSettings & DatabaseSettings,
  log: ServerLog,
): Promise<RunningServer> {
  const database = await openDatabase('peepcoins', settings, migrations);
  const ledger = connectLedger(settings);
  return startService({
    settings,
    log,
    ledger,
    errors,
    database,
    services: (context) => [
      unaryService(
        PeepcoinsServiceService,
        {
          ...routeMethods(new RouteStore(database), ledger),
          ...couponMethods(new CouponNames(database), ledger),
          ...balanceMethods(ledger),
        },
        context,
      ),
    ],
  });
}
