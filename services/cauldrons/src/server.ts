import { openDatabase, type DatabaseSettings } from '@ledger/kit/postgres/database';
import type { ServiceSettings } from '@ledger/kit/ledger/service-settings';
import { connectLedger } from '@ledger/kit/ledger/ledger-connection';
import { startService } from '@ledger/kit/ledger/start-service';
import type { RunningServer } from '@ledger/kit/server/server';
import type { ServerLog } from '@ledger/kit/server/server-log';
import { unaryService } from '@ledger/kit/ledger/unary-service';
import { errors } from './errors';
import { barrelMethods } from './barrels';
import { bottleMethods } from './bottles';
import { CartStore } from './cart-store';
import { cartMethods } from './carts';
import { CauldronsServiceService } from '@ledger/proto/cauldrons/v1/cauldrons_service';
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
  log: ServerLog,
): Promise<RunningServer> {
  const database = await openDatabase('cauldrons', settings, migrations);
  const ledger = connectLedger(settings);
  const recipes = new RecipeStore(database);
  return startService({
    settings,
    log,
    ledger,
    errors,
    database,
    services: (context) => [
      unaryService(
        CauldronsServiceService,
        {
          ...recipeMethods(recipes, ledger),
          ...barrelMethods(ledger),
          ...bottleMethods(recipes, ledger),
          ...cartMethods(new CartStore(database), ledger),
          ...orderMethods(database),
          ...visitMethods(database),
          ...shopMethods(recipes, ledger),
        },
        context,
      ),
    ],
  });
}
