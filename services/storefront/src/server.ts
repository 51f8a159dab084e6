import { Contract } from '@ledger/kit/rpc/contract';
import type { ServiceSettings } from '@ledger/kit/server/environment';
import { connectLedger } from '@ledger/kit/ledger/ledger-connection';
import { startServer, type RunningService } from '@ledger/kit/server/server';
import type { ServiceLog } from '@ledger/kit/server/service-log';
import { unaryService } from '@ledger/kit/rpc/unary-service';
import { DESCRIPTOR_SET_BASE64 } from '@ledger/proto/descriptors';
import {
  StockServiceService,
  StorefrontServiceService,
} from '@ledger/proto/storefront/v1/storefront_service';
import { stock, storefront } from './storefront';

/** The composition root, called by main and by the tests. */
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
