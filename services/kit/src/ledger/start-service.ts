import type { LedgerClient } from '@ledger/client';
import type { ErrorPolicy } from '../rpc/error-policy';
import type { ServedService } from '../rpc/served-service';
import { startServer, type RunningServer } from '../server/server';
import type { ServerLog } from '../server/server-log';
import type { ServiceSettings } from './service-settings';
import type { ServiceContext } from './unary-service';

/** What a service on the ledger is made of. */
export interface ServiceParts<Reason extends string> {
  readonly settings: ServiceSettings;
  readonly log: ServerLog;
  readonly ledger: LedgerClient;
  readonly errors: ErrorPolicy<Reason>;
  readonly services: (context: ServiceContext<Reason>) => readonly ServedService[];
  /** The service's own database, when it has one. */
  readonly database?: { query(sql: string): Promise<unknown>; destroy(): Promise<void> };
}

/** The largest request; those of these services are small. */
const REQUEST_MAX_BYTES = 64 * 1024;

/** Starts a service. It is healthy while it has a connection to the ledger and its database answers. */
export function startService<Reason extends string>(parts: ServiceParts<Reason>): Promise<RunningServer> {
  const { settings, log, ledger, errors, services, database } = parts;
  const { ledgerTimeoutMs, healthIntervalMs } = settings;
  return startServer({
    settings: { ...settings, requestMaxBytes: REQUEST_MAX_BYTES },
    log,
    services: () => services({ log, errors, ledgerTimeoutMs }),
    ping: () => Promise.all([database?.query('SELECT 1'), ledger.waitForReady(healthIntervalMs)]),
    close: async () => {
      ledger.close();
      await database?.destroy();
    },
  });
}
