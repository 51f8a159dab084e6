import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawCall } from '../harness/raw-client';
import { waitUntil } from '../harness/wait-until';
import type { CallRecord } from '@ledger/kit/rpc/call-log';
import { rawCalls, purchaseByPrice } from '../harness/raw-calls';

const durationMs = expect.any(Number);
const peer = expect.stringMatching(/^127\.0\.0\.1:\d+$/);

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
});
afterAll(() => ledger.dispose());

const credit = rawCalls.credit({ requestId: 'credit-1', userId: 'ada', asset: 'GOLD', amount: 5n });
const ledgerService = 'ledger.v1.LedgerService';
const catalogService = 'ledger.v1.CatalogService';

describe('the log line of a call', () => {
  it.each<[what: string, call: RawCall, record: object]>([
    [
      'a write that was booked',
      credit,
      { method: `${ledgerService}/Credit`, code: 'OK', requestId: 'credit-1', durationMs, batchSize: 1 },
    ],
    [
      'its replay',
      credit,
      {
        ...{ method: `${ledgerService}/Credit`, code: 'OK', requestId: 'credit-1' },
        ...{ durationMs, batchSize: 1, replayed: true },
      },
    ],
    [
      'a write that was refused',
      purchaseByPrice('GOLD', 6n)({ userId: 'ada', requestId: 'purchase-1' }),
      {
        ...{ method: `${ledgerService}/Purchase`, code: 'FAILED_PRECONDITION', reason: 'INSUFFICIENT_FUNDS' },
        ...{ requestId: 'purchase-1', durationMs, batchSize: 1 },
      },
    ],
    [
      'a request id that was used before',
      rawCalls.credit({ requestId: 'credit-1', userId: 'ada', asset: 'GOLD', amount: 6n }),
      {
        ...{ method: `${ledgerService}/Credit`, code: 'ALREADY_EXISTS', reason: 'REQUEST_ID_REUSED' },
        ...{ requestId: 'credit-1', durationMs, batchSize: 1 },
      },
    ],
    [
      'a malformed write',
      rawCalls.putItem({ requestId: 'put-1' }),
      {
        ...{ method: `${catalogService}/PutItem`, code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD' },
        ...{ requestId: 'put-1', durationMs },
      },
    ],
    [
      'a request id that is far too long, of which it has no more than is allowed',
      rawCalls.credit({ requestId: 'x'.repeat(50_000) }),
      {
        ...{ method: `${ledgerService}/Credit`, code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD' },
        ...{ requestId: `${'x'.repeat(128)}…`, durationMs },
      },
    ],
    [
      'bytes that are no message',
      { path: `/${ledgerService}/Credit`, bytes: Buffer.from([0xff]) },
      { method: `${ledgerService}/Credit`, code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', durationMs },
    ],
    [
      'a read',
      rawCalls.getBalance({ userId: 'ada', asset: 'GOLD' }),
      { method: `${ledgerService}/GetBalance`, code: 'OK', durationMs },
    ],
    [
      'a read that found nothing',
      rawCalls.getItem({ itemId: 'cap' }),
      { method: `${catalogService}/GetItem`, code: 'NOT_FOUND', reason: 'ITEM_NOT_FOUND', durationMs },
    ],
  ])('has, for %s, these fields and no others', async (_what, call, record) => {
    expect(await recordsOf([call])).toEqual([{ ...record, peer }]);
  });

  it('has a duration in milliseconds that the call really took', async () => {
    const began = performance.now();
    const [record] = await recordsOf([rawCalls.listItems({})]);
    const tookMs = performance.now() - began;
    expect(record!.durationMs).toBeGreaterThan(0);
    expect(record!.durationMs).toBeLessThanOrEqual(tookMs);
  });

  it('has the size of the batch that a write shared', async () => {
    const COUNT = 100;
    const calls = Array.from({ length: COUNT }, (_, index) =>
      rawCalls.credit({ requestId: `batch-${index}`, userId: 'bob', asset: 'GOLD', amount: 1n }),
    );
    const records = await recordsOf(calls);
    // Each batch of n writes has n lines that say n.
    const batches = records.reduce((sum, { batchSize }) => sum + 1 / batchSize!, 0);
    expect(batches).toBeCloseTo(Math.round(batches), 6);
    expect(batches).toBeLessThan(COUNT);
    const [row] = await ledger.database.query<{ batches: string }>(
      `SELECT count(DISTINCT xmin::text) AS batches FROM ledger.requests WHERE user_id = 'bob'`,
    );
    expect(Math.round(batches).toString()).toBe(row?.batches);
  });

  it('never has what a caller wrote into a request, nor an amount', async () => {
    const secrets = ['meta-secret', 'meta-key', 'description-secret', 'reference-secret', '987654321'];
    const request = {
      ...{ userId: 'eve', asset: 'GOLD', amount: 987_654_321n, description: 'description-secret' },
      ...{ reference: 'reference-secret', metadata: new Map([['meta-key', 'meta-secret']]) },
    };
    const records = await recordsOf([
      rawCalls.credit({ ...request, requestId: 'secret-1' }),
      rawCalls.credit({ ...request, requestId: 'secret-1', amount: 987_654_322n }),
      rawCalls.credit({ ...request, requestId: 'secret-2', source: 'nobody' }),
      rawCalls.purchase({
        ...{ ...request, requestId: 'secret-3' },
        subject: { $case: 'price', value: { asset: 'GOLD', amount: 9_876_543_210n, itemId: '' } },
      }),
    ]);
    expect(records.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['OK', 'ALREADY_EXISTS', 'INVALID_ARGUMENT', 'FAILED_PRECONDITION']),
    );
    for (const secret of secrets) expect(JSON.stringify(records)).not.toContain(secret);
  });
});

/** The lines that these calls make. A line is written just after its answer is sent. */
async function recordsOf(calls: readonly RawCall[]): Promise<CallRecord[]> {
  const log = ledger.servers[0]!.calls;
  const before = log.length;
  await Promise.all(calls.map((call) => ledger.raw().send(call)));
  await waitUntil('every call is in the log', () => log.length >= before + calls.length);
  return log.slice(before);
}
