import { Contract } from '@ledger/kit/contract';
import type { ServiceSettings } from '@ledger/kit/environment';
import { connectLedger } from '@ledger/kit/ledger-connection';
import { startServer, type RunningService } from '@ledger/kit/server';
import type { ServiceLog } from '@ledger/kit/service-log';
import { unaryService } from '@ledger/kit/unary-service';
import { DESCRIPTOR_SET_BASE64 } from './gen/descriptor-set';
import { StockServiceService, StorefrontServiceService } from './gen/storefront/v1/storefront_service';
import { stock, storefront } from './storefront';

/** The one place where the parts are joined; main and the tests both call it. */
export function startStorefront(settings: ServiceSettings, log: ServiceLog): Promise<RunningService> {
  const ledger = connectLedger(settings);
  return startServer({
    settings,
    log,
    contract: new Contract(DESCRIPTOR_SET_BASE64),
    services: [
      unaryService(StorefrontServiceService, storefront(ledger)),
      unaryService(StockServiceService, stock(ledger)),
    ],
    ping: () => ledger.waitForReady(settings.healthIntervalMs),
    close: () => ledger.close(),
  });
}
