/** @paused: also run by `npm run test:paused`. */
import { GroupCommit } from '../../services/ledger/src/engine/group-commit';
import type { CreditCommand } from '../../services/ledger/src/ledger/writes/credit';
import { outcomeEncoder } from '../../services/ledger/src/mapping/outcome-encoder';
import type { Store } from '../../services/ledger/src/store/store';
import { checkLedger } from '../harness/check-ledger';
import { LONG_SESSION_LIMITS, NO_LIMIT, PATIENT_QUEUE } from '../harness/engine-under-test';
import { openStore } from '../harness/open-store';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

const command: CreditCommand = {
  ...{
    kind: 'Credit',
    caller: '',
    scope: 'ada',
    requestId: 'late',
    userId: 'ada',
    asset: 'GOLD',
    amount: 1n,
  },
  ...{ source: '@issuance', description: '', reference: '', metadata: [], effectiveTime: null },
};

/** Over gRPC its own timer is mostly the quicker one, so this goes to group commit itself. */
describe('a write whose turn comes after its deadline', () => {
  let database: TestDatabase;
  let store: Store;
  let commit: GroupCommit;

  beforeAll(async () => {
    database = await createTestDatabase();
    store = await openStore(database.url, { writers: 2 });
    commit = new GroupCommit({
      ...{
        store,
        encoder: outcomeEncoder,
        batchWorkers: 1,
        bulkBatchMax: 1,
        bulkQueueMax: 1,
        batchMax: 10,
        lingerMs: 50,
        queueMax: 10,
        ...PATIENT_QUEUE,
        stripes: 1,
      },
      ...{ priceGraceMicros: 0n, openHoldsMax: 100, onFault: () => undefined },
      ...{ lockWaitMs: 600_000, lockWaitQueueMax: 10, sessionLimits: LONG_SESSION_LIMITS },
    });
  });
  afterAll(async () => {
    await commit.drain();
    await store.close();
    await database.drop();
  });

  it('is not started, leaves no trace, and may come again', async () => {
    const late = commit.submit(command, { ...NO_LIMIT, deadline: Date.now() - 1 });
    const neighbour = commit.submit({ ...command, requestId: 'in-time' }, NO_LIMIT);

    await expect(late).rejects.toMatchObject({ name: 'CallError', reason: 'NOT_STARTED' });
    expect(await neighbour).toMatchObject({ code: 0, replayed: false, batchSize: 1 });
    expect(await database.query('SELECT request_id FROM ledger.requests')).toEqual([
      { request_id: 'in-time' },
    ]);

    const again = await commit.submit(command, { ...NO_LIMIT, deadline: Date.now() + 60_000 });
    expect(again).toMatchObject({ code: 0, replayed: false });
    expect(await checkLedger(database)).toEqual([]);
  });
});
