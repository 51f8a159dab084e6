import { Contract } from '@ledger/kit/rpc/contract';
import { openDatabase } from '@ledger/kit/postgres/database';
import type { DatabaseSettings, ServiceSettings } from '@ledger/kit/server/environment';
import { connectLedger } from '@ledger/kit/ledger/ledger-connection';
import { startServer, type RunningService } from '@ledger/kit/server/server';
import type { ServiceLog } from '@ledger/kit/server/service-log';
import { unaryService } from '@ledger/kit/rpc/unary-service';
import { barrelMethods } from './barrels';
import { bottleMethods } from './bottles';
import { CartStore } from './cart-store';
import { cartMethods } from './carts';
import { CauldronsServiceService } from '@ledger/proto/cauldrons/v1/cauldrons_service';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import { CreateShop1764000000000 } from './migrations/1764000000000-create-shop';
import { orderMethods } from './orders';
import { RecipeStore } from './recipe-store';
import { recipeMethods } from './recipes';
import { shopMethods } from './shop';
import { visitMethods } from './visits';

/** All migrations, oldest first. Add new ones at the end, and never edit a released one. */
const migrations = [CreateShop1764000000000];

/** The composition root, called by main and by the tests. */
export async function startCauldrons(
  settings: ServiceSettings & DatabaseSettings,
  log: ServiceLog,
): Promise<RunningService> {
  const database = await openDatabase('cauldrons', settings, migrations);
  const ledger = connectLedger(settings);
  const recipes = new RecipeStore(database);
  return startServer({
    settings,
    log,
    contract: new Contract(DESCRIPTOR_SET_BASE64),
    services: [
      unaryService(CauldronsServiceService, {
        ...recipeMethods(recipes, ledger),
        ...barrelMethods(ledger),
        ...bottleMethods(recipes, ledger),
        ...cartMethods(new CartStore(database), ledger),
        ...orderMethods(database),
        ...visitMethods(database),
        ...shopMethods(recipes, ledger),
      }),
    ],
    ping: () => Promise.all([database.query('SELECT 1'), ledger.waitForReady(settings.healthIntervalMs)]),
    close: async () => {
      ledger.close();
      await database.destroy();
    },
  });
}
