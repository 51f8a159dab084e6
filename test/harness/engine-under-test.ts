import { GroupCommit, type GroupCommitSettings } from '../../services/ledger/src/engine/group-commit';
import type { BatchFault } from '../../services/ledger/src/engine/batch-runner';
import type { CreditCommand } from '../../services/ledger/src/ledger/writes/credit';
import { outcomeEncoder } from '../../services/ledger/src/mapping/outcome-encoder';
import { openStore } from './open-store';
import { createTestDatabase, type TestDatabase } from './test-database';

/** Group commit on a database of its own, without a server around it. */
export interface EngineUnderTest {
  readonly database: TestDatabase;
  readonly commit: GroupCommit;
  /** Every attempt that failed, and every command. */
  readonly faults: BatchFault[];
  dispose(): Promise<void>;
}

/** No session ends, and no attempt, because the machine is busy. */
export const LONG_SESSION_LIMITS = {
  lockTimeoutMs: 600_000,
  idleTransactionTimeoutMs: 600_000,
  transactionTimeoutMs: 600_000,
  deadConnectionTimeoutMs: 600_000,
};

/** Waits for no caller. */
export const NO_LIMIT = { peer: 'test', requestBytes: 100, deadline: Infinity, isCancelled: () => false };

/** A queue in which nobody waits too long because the machine is busy. */
export const PATIENT_QUEUE = { queueMaxBytes: 1_000_000, queueTargetMs: 3_600_000 };

/** Starts group commit; what a test does not say is as small as can be. */
export async function startEngine(overrides: Partial<GroupCommitSettings> = {}): Promise<EngineUnderTest> {
  const database = await createTestDatabase();
  const store = await openStore(database.url, { writers: 6 });
  const faults: BatchFault[] = [];
  const commit = new GroupCommit({
    ...{ store, encoder: outcomeEncoder, stripes: 8, priceGraceMicros: 0n, openHoldsMax: 100 },
    ...{
      batchWorkers: 1,
      batchMax: 128,
      lingerMs: 50,
      queueMax: 10_000,
      ...PATIENT_QUEUE,
      bulkBatchMax: 250,
      bulkQueueMax: 10_000,
    },
    ...{ lockWaitMs: 600_000, lockWaitQueueMax: 10_000, sessionLimits: LONG_SESSION_LIMITS },
    onFault: (fault) => faults.push(fault),
    ...overrides,
  });
  return {
    database,
    commit,
    faults,
    dispose: async () => {
      await commit.drain();
      await store.close();
      await database.drop();
    },
  };
}

/** A credit of one GOLD unless said otherwise. */
export function creditOf(
  userId: string,
  requestId: string,
  fields: Partial<CreditCommand> = {},
): CreditCommand {
  return {
    ...{ kind: 'Credit', caller: '', scope: userId, requestId, userId, asset: 'GOLD', amount: 1n },
    ...{ source: '@issuance', description: '', reference: '', metadata: [], effectiveTime: null },
    ...fields,
  };
}
