import type { ServiceSettings } from '@ledger/kit/ledger/service-settings';
import { connectLedger } from '@ledger/kit/ledger/ledger-connection';
import { startService } from '@ledger/kit/ledger/start-service';
import type { RunningServer } from '@ledger/kit/server/server';
import type { ServerLog } from '@ledger/kit/server/server-log';
import { unaryService } from '@ledger/kit/ledger/unary-service';
import { errors } from './errors';
import {
  StockServiceService,
  StorefrontServiceService,
} from '@ledger/proto/storefront/v1/storefront_service';
import { stock, storefront } from './storefront';

/** The composition root, called by main and by the tests. */
export function startStorefront(settings: ServiceSettings, log: ServerLog): Promise<RunningServer> {
  const ledger = connectLedger(settings);
  return startService({
    settings,
    log,
    ledger,
    errors,
    services: (context) => [
      unaryService(StorefrontServiceService, storefront(ledger), context),
      unaryService(StockServiceService, stock(ledger), context),
    ],
  });
}
