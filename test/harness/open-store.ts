import type { StoreSettings } from '../../services/ledger/src/store/pools';
import { Store } from '../../services/ledger/src/store/store';

/** As few connections as there can be, and no limit that a busy machine meets. */
const SMALL: Omit<StoreSettings, 'url'> = {
  ...{ writers: 1, readers: 1, balanceReaders: 2, verifiers: 1, readQueueMax: 100 },
  ...{ batchTimeoutMs: 60_000, readTimeoutMs: 60_000, readAttemptMs: 60_000 },
  ...{ healthTimeoutMs: 60_000, healthWriteIntervalMs: 60_000 },
};

/** Opens the store of a database as a server does, without the server. */
export function openStore(url: string, overrides: Partial<StoreSettings> = {}): Promise<Store> {
  return Store.open({ url, ...SMALL, ...overrides });
}
