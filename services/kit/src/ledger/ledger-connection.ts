import { LedgerClient } from '@ledger/client';
import type { ServiceSettings } from './service-settings';

/** The one connection of a service to the ledger. Nothing is connected before the first call. */
export function connectLedger({ ledgerAddress, ledgerTimeoutMs }: ServiceSettings): LedgerClient {
  return new LedgerClient({ address: ledgerAddress, timeoutMs: ledgerTimeoutMs });
}
