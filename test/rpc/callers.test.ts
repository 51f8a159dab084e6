import { GroupCommit } from '../../services/ledger/src/engine/group-commit';
import type { Command } from '../../services/ledger/src/ledger/writes';
import { outcomeEncoder } from '../../services/ledger/src/mapping/outcome-encoder';
import { LONG_SESSION_LIMITS, NO_LIMIT, PATIENT_QUEUE } from '../harness/engine-under-test';
import type { Store } from '../../services/ledger/src/store/store';
import { openStore } from '../harness/open-store';
import { createTestDatabase, type TestDatabase } from '../harness/test-database';

/** Nothing authenticates a caller over gRPC, so this goes to group commit itself. */
let database: TestDatabase;
let store: Store;
let commit: GroupCommit;

beforeAll(async () => {
  database = await createTestDatabase();
  store = await openStore(database.url, { writers: 2 });
  commit = new GroupCommit({
    ...{ store, encoder: outcomeEncoder, batchWorkers: 1, bulkBatchMax: 10, bulkQueueMax: 10, batchMax: 10 },
    ...{
      lingerMs: 50,
      queueMax: 10,
      ...PATIENT_QUEUE,
      stripes: 1,
      priceGraceMicros: 0n,
      openHoldsMax: 100,
      onFault: () => undefined,
    },
    ...{ lockWaitMs: 600_000, lockWaitQueueMax: 10, sessionLimits: LONG_SESSION_LIMITS },
  });
});
afterAll(async () => {
  await commit.drain();
  await store.close();
  await database.drop();
});

function credit(caller: string, requestId: string): Command {
  return {
    ...{ kind: 'Credit', caller, scope: 'ada', requestId, userId: 'ada', asset: 'GOLD', amount: 1n },
    ...{ source: '@issuance', description: '', reference: '', metadata: [], effectiveTime: null },
  };
}

function freeze(caller: string, requestId: string): Command {
  return {
    ...{ kind: 'UpdateAccount', caller, scope: 'bob', requestId, userId: 'bob', asset: 'GOLD' },
    ...{ minBalance: null, frozen: true, metadata: null, etag: '' },
  };
}

function payNothingThere(caller: string, requestId: string): Command {
  return {
    ...{ kind: 'Purchase', caller, scope: 'bob', requestId, userId: 'bob', destination: '@revenue' },
    subject: { by: 'price', asset: 'GOLD', amount: 1n, itemId: '' },
    ...{ description: '', reference: '', metadata: [], effectiveTime: null },
  };
}

it('stand on every request, whether it booked, changed a setting or was refused', async () => {
  await commit.submit(credit('shop', 'r-1'), NO_LIMIT);
  await commit.submit(freeze('support', 'r-2'), NO_LIMIT);
  await commit.submit(payNothingThere('mint', 'r-3'), NO_LIMIT);
  await commit.submitAtomic(
    { requestId: 'r-4', caller: 'bulk', omitBodies: false },
    [credit('bulk', 'r-5')],
    NO_LIMIT,
  );
  expect(
    await database.query('SELECT request_id, caller, code FROM ledger.requests ORDER BY request_id'),
  ).toEqual([
    { request_id: 'r-1', caller: 'shop', code: 0 },
    { request_id: 'r-2', caller: 'support', code: 0 },
    { request_id: 'r-3', caller: 'mint', code: 9 },
    { request_id: 'r-4', caller: 'bulk', code: 0 },
    { request_id: 'r-5', caller: 'bulk', code: 0 },
  ]);
  expect(await database.query('SELECT caller FROM ledger.transactions ORDER BY request_id')).toEqual([
    { caller: 'shop' },
    { caller: 'bulk' },
  ]);
});

it('have request ids of their own: that of another caller is refused, alone and in a batch', async () => {
  await commit.submit(credit('shop', 'taken'), NO_LIMIT);
  expect(await commit.submit(credit('shop', 'taken'), NO_LIMIT)).toMatchObject({ code: 0, replayed: true });
  const reused = { reason: 'REQUEST_ID_REUSED', replayed: false };
  expect(await commit.submit(credit('mint', 'taken'), NO_LIMIT)).toMatchObject(reused);
  expect(await commit.submit(credit('', 'taken'), NO_LIMIT)).toMatchObject(reused);
  const [second, third] = await Promise.all([
    commit.submit(credit('shop', 'at once'), NO_LIMIT),
    commit.submit(credit('mint', 'at once'), NO_LIMIT),
  ]);
  expect([second.reason, third.reason]).toEqual(['', 'REQUEST_ID_REUSED']);

  const batch = (caller: string) =>
    commit.submitAtomic(
      { requestId: 'batch', caller, omitBodies: false },
      [credit(caller, 'in a batch')],
      NO_LIMIT,
    );
  expect(await batch('shop')).toMatchObject({ code: 0, replayed: false });
  expect(await batch('shop')).toMatchObject({ code: 0, replayed: true });
  expect(await batch('mint')).toMatchObject(reused);
});
