import { status } from '@grpc/grpc-js';
import { ErrorReason, type BatchWriteItem } from '@ledger/client';
import { BatchWriteResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import { rawCalls } from '../harness/raw-calls';
import type { RawAnswer } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { unforeseenFaults } from '../harness/unforeseen-faults';

const asset = 'GOLD';
/** Room for the results of some thirteen credits, as long as they may be. */
const RESPONSE_MAX_BYTES = 20_000;

let ledger: LedgerUnderTest;
let users = 0;
let userId: string;

beforeAll(async () => {
  ledger = await startLedger(1, { bulkBatchMax: 5, responseMaxBytes: RESPONSE_MAX_BYTES });
});
afterAll(() => ledger.dispose());
beforeEach(() => {
  userId = `ada-${(users += 1)}`;
});
afterEach(async () => {
  expect(await checkLedger(ledger.database)).toEqual([]);
  expect(unforeseenFaults(ledger)).toEqual([]);
});

describe('a batch whose bodies are left out', () => {
  it('says what became of each write by codes and ids alone', async () => {
    const first = await ledger.client().credit({ requestId: 'before', userId, asset, amount: 50n });
    const held = await ledger.client().placeHold({ userId, asset, amount: 1n });
    const released = await ledger.client().placeHold({ userId, asset, amount: 1n });
    const { transactionId } = first.transaction;
    const { results } = await ledger.client().batchWrite({
      omitBodies: true,
      writes: [
        credit('before', 50n),
        credit('credit', 1n),
        pay('poor', 1_000n),
        { write: { $case: 'reverseTransaction', value: { userId, transactionId, amount: 1n } } },
        { write: { $case: 'placeHold', value: { requestId: 'hold', userId, asset, amount: 1n } } },
        { write: { $case: 'captureHold', value: { userId, holdId: held.hold.holdId } } },
        { write: { $case: 'releaseHold', value: { userId, holdId: released.hold.holdId } } },
      ],
    });
    const summaries = results.map(({ outcome }) => (outcome?.$case === 'summary' ? outcome.value : outcome));
    const booked = {
      code: 0,
      reason: ErrorReason.UNSPECIFIED,
      transactionId: expect.stringMatching(UUID) as string,
      holdId: '',
    };
    const hold = { ...booked, transactionId: '', holdId: expect.stringMatching(UUID) as string };
    expect(summaries).toEqual([
      { ...booked, transactionId },
      booked,
      {
        ...booked,
        code: status.FAILED_PRECONDITION,
        reason: ErrorReason.INSUFFICIENT_FUNDS,
        transactionId: '',
      },
      booked,
      hold,
      booked,
      { ...hold, holdId: released.hold.holdId },
    ]);
    expect(results.map(({ replayed }) => replayed)).toEqual([true, ...new Array<boolean>(6).fill(false)]);

    // On its own each of them has its body.
    const alone = await ledger.client().credit({ requestId: 'credit', userId, asset, amount: 1n });
    expect(alone).toMatchObject({ replayed: true, transaction: { requestId: 'credit' } });
    expect(summaries[1]).toMatchObject({ transactionId: alone.transaction.transactionId });
  });

  it('is replayed with the same bytes when it is atomic, and is another one than with bodies', async () => {
    const writes = [credit('a', 10n), pay('b', 4n)];
    const first = await send({ requestId: `e-${userId}`, atomic: true, omitBodies: true, writes });
    expect(first).toMatchObject({ code: 0, replayed: undefined });
    const { results } = BatchWriteResponse.decode(Buffer.from(first.bytes, 'hex'));
    expect(results.map(({ outcome }) => outcome?.$case)).toEqual(['summary', 'summary']);
    expect(await send({ requestId: `e-${userId}`, atomic: true, omitBodies: true, writes })).toEqual({
      ...first,
      replayed: 'true',
    });
    expect(refusalOf(await send({ requestId: `e-${userId}`, atomic: true, writes }))).toMatchObject({
      reason: 'REQUEST_ID_REUSED',
    });
  });
});

describe.each([{ atomic: false }, { atomic: true }])(
  'a batch whose results may not fit ($atomic)',
  ({ atomic }) => {
    it('is refused before anything is booked, and told how to get on', async () => {
      const writes = credits(30);
      const batch = { requestId: atomic ? `large-${userId}` : '', atomic, writes };
      for (const refusal of [refusalOf(await send(batch)), refusalOf(await send(batch))]) {
        expect(refusal).toMatchObject({
          ...{ code: 'INVALID_ARGUMENT', reason: 'ANSWER_TOO_LARGE' },
          metadata: {
            limit: String(RESPONSE_MAX_BYTES),
            size: expect.stringMatching(/^[0-9]{5}$/) as string,
          },
        });
        expect(refusal.message).toContain('send fewer writes, or set omit_bodies');
      }
      expect(await balanceOf()).toBe(0n);
      // Neither the batch nor its writes are burnt.
      expect(await send({ ...batch, omitBodies: true })).toMatchObject({ code: 0, replayed: undefined });
      expect(await balanceOf()).toBe(30n);
    });
  },
);

it('a batch fits by the true size of what is booked already', async () => {
  const [first, second] = [credits(13, 'first'), credits(7, 'second')];
  for (const writes of [first, second]) expect(await send({ writes })).toMatchObject({ code: 0 });
  const both = [...first, ...second];
  const answer = await send({ writes: both });
  expect(answer.code).toBe(0);
  const { results } = BatchWriteResponse.decode(Buffer.from(answer.bytes, 'hex'));
  expect(results.map(({ replayed }) => replayed)).toEqual(both.map(() => true));
  expect(answer.bytes.length / 2).toBeLessThanOrEqual(RESPONSE_MAX_BYTES);
  expect(refusalOf(await send({ writes: credits(20, 'third') }))).toMatchObject({
    reason: 'ANSWER_TOO_LARGE',
  });
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function send(batch: Parameters<typeof rawCalls.batchWrite>[0]): Promise<RawAnswer> {
  return ledger.raw().send(rawCalls.batchWrite(batch));
}

function credits(count: number, prefix = 'credit'): BatchWriteItem[] {
  return Array.from({ length: count }, (_, n) => credit(`${prefix}-${n}`, 1n));
}

function credit(requestId: string, amount: bigint): BatchWriteItem {
  return { write: { $case: 'credit', value: { requestId, userId, asset, amount } } };
}

function pay(requestId: string, amount: bigint): BatchWriteItem {
  const subject = { $case: 'price', value: { asset, amount } } as const;
  return { write: { $case: 'purchase', value: { requestId, userId, subject } } };
}

async function balanceOf(): Promise<bigint> {
  return (await ledger.client().getBalance({ userId, asset })).balance.balance;
}
