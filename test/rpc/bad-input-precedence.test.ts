import { checkLedger } from '../harness/check-ledger';
import {
  accountFrozen,
  amountOverflow,
  expectRefused,
  itemInactive,
  itemNotFound,
  priceChanged,
  type ExpectedRefusal,
} from '../harness/expected-refusal';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawAnswer, RawCall } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { rawCalls, purchaseByPrice, purchaseOfItem, type Sender } from '../harness/raw-calls';

const INT64_MAX = 2n ** 63n - 1n;
const UNKNOWN_ID = '0193e2a0-0000-7000-8000-000000000001';

let ledger: LedgerUnderTest;
let requests = 0;

const { credit, putItem } = rawCalls;
const mug = { name: 'Mug', asset: 'GOLD', price: 5n, active: true };

beforeAll(async () => {
  // Without grace, a price is out of date as soon as it is superseded.
  ledger = await startLedger(1, { priceGraceMs: 0 });
  await putVersions('mug', [{ price: 5n }]);
  await putVersions('hat', [{ price: 3n }, { price: 4n }]);
  await putVersions('old', [{ price: 3n }, { price: 4n, active: false }]);
  await putVersions('palace', [{ price: INT64_MAX }, { price: INT64_MAX }]);
  await give({ userId: 'ada', amount: 10n });
  await give({ userId: 'ice', amount: 10n });
  // Nine on a receiver, so that INT64_MAX more is too much.
  await give({ userId: 'full', amount: 9n });
  await ledger.database.query(`UPDATE ledger.accounts SET frozen = true WHERE user_id = 'ice'`);
});
afterAll(async () => {
  expect(await checkLedger(ledger.database)).toEqual([]);
  await ledger.dispose();
});

describe('of two faults', () => {
  it('a malformed field comes before a known request id', async () => {
    const requestId = nextRequestId();
    await give({ userId: 'eve', requestId, amount: 1n });
    const answer = await send(credit({ userId: 'eve', requestId, asset: 'GOLD', amount: -1n }));
    expect(refusalOf(answer)).toMatchObject({ reason: 'INVALID_FIELD', fields: ['amount'] });
  });

  it('a known request id comes before everything that the state says', async () => {
    for (const call of [
      purchaseOfItem('cap'),
      purchaseOfItem('hat', 1n, 1n),
      purchaseByPrice('GOLD', INT64_MAX),
    ]) {
      const requestId = nextRequestId();
      await give({ userId: 'ice', requestId, amount: 1n });
      expect(refusalOf(await send(call({ userId: 'ice', requestId }))).reason).toBe('REQUEST_ID_REUSED');
    }
  });

  it.each<
    [
      first: string,
      second: string,
      userId: string,
      call: (sender: Sender) => RawCall,
      expected: ExpectedRefusal,
    ]
  >([
    ['an unknown item', 'a frozen account', 'ice', purchaseOfItem('cap'), itemNotFound({ item_id: 'cap' })],
    [
      'an unknown version',
      'an item that is not sold',
      'ada',
      purchaseOfItem('old', 1n, 9n),
      itemNotFound({ item_id: 'old', version: '9' }),
    ],
    [
      'a frozen account',
      'an item that is not sold',
      'ice',
      purchaseOfItem('old'),
      accountFrozen('ice', 'GOLD'),
    ],
    [
      'a frozen account',
      'a price out of date',
      'ice',
      purchaseOfItem('hat', 1n, 1n),
      accountFrozen('ice', 'GOLD'),
    ],
    [
      'a frozen account',
      'a total beyond int64',
      'ice',
      purchaseOfItem('palace', 2n),
      accountFrozen('ice', 'GOLD'),
    ],
    ['a frozen account', 'not enough', 'ice', purchaseByPrice('GOLD', 11n), accountFrozen('ice', 'GOLD')],
    ['a frozen account', 'a receiver beyond int64', 'ice', transferAll('full'), accountFrozen('ice', 'GOLD')],
    [
      'an item that is not sold',
      'a price out of date',
      'ada',
      purchaseOfItem('old', 1n, 1n),
      itemInactive('old', '2'),
    ],
    [
      'a price out of date',
      'a total beyond int64',
      'ada',
      purchaseOfItem('palace', 2n, 1n),
      priceChanged('palace', INT64_MAX.toString(), 'GOLD'),
    ],
    [
      'a price out of date',
      'not enough',
      'ada',
      purchaseOfItem('hat', 1_000n, 1n),
      priceChanged('hat', '4', 'GOLD'),
    ],
    [
      'a receiver beyond int64',
      'not enough',
      'ada',
      transferAll('full'),
      amountOverflow({ user_id: 'full', asset: 'GOLD', balance: '9', change: INT64_MAX.toString() }),
    ],
  ])('%s comes before %s', async (_first, _second, userId, callOf, expected) => {
    expectRefused(await send(callOf({ userId, requestId: nextRequestId() })), expected);
  });

  it.each<[first: string, second: string, reason: string, call: (sender: Sender) => RawCall]>([
    [
      'a malformed amount',
      'an unknown transaction',
      'INVALID_FIELD',
      (sender) => rawCalls.reverseTransaction({ ...sender, transactionId: UNKNOWN_ID, amount: -1n }),
    ],
    [
      'an unknown transaction',
      'an amount that is too much',
      'TRANSACTION_NOT_FOUND',
      (sender) => rawCalls.reverseTransaction({ ...sender, transactionId: UNKNOWN_ID, amount: 9n }),
    ],
    [
      'an unknown hold',
      'an amount that is too much',
      'HOLD_NOT_FOUND',
      (sender) => rawCalls.captureHold({ ...sender, holdId: UNKNOWN_ID, amount: 9n }),
    ],
    [
      'a stale sequence',
      'not enough',
      'CONFLICT',
      (sender) =>
        rawCalls.postTransaction({
          ...sender,
          legs: [
            { userId: sender.userId, asset: 'GOLD', change: -9n, expectedSequence: 7n },
            { userId: 'bob', asset: 'GOLD', change: 9n },
          ],
        }),
    ],
    [
      'a stale etag',
      'a minimum above what is available',
      'CONFLICT',
      (sender) =>
        rawCalls.updateAccount({
          ...{ ...sender, asset: 'GOLD', etag: 'stale' },
          ...{ minBalance: 9n, updateMask: ['min_balance'] },
        }),
    ],
  ])('%s comes before %s', async (_first, _second, reason, callOf) => {
    const answer = await send(callOf({ userId: 'poor', requestId: nextRequestId() }));
    expect(refusalOf(answer).reason).toBe(reason);
  });
});

type Credit = Parameters<typeof credit>[0];

function give(request: Credit): Promise<void> {
  return book(credit({ requestId: nextRequestId(), asset: 'GOLD', ...request }));
}

async function putVersions(
  itemId: string,
  versions: readonly { price: bigint; active?: boolean }[],
): Promise<void> {
  for (const version of versions)
    await book(putItem({ ...mug, ...version, requestId: nextRequestId(), itemId }));
}

async function book(call: RawCall): Promise<void> {
  expect(await send(call)).toMatchObject({ code: 0, replayed: undefined });
}

/** Without digits, so that the numbers of messages stand out. */
function nextRequestId(): string {
  requests += 1;
  return `request-${String.fromCharCode(...[...requests.toString()].map((digit) => 97 + Number(digit)))}`;
}

function send(call: RawCall): Promise<RawAnswer> {
  return ledger.raw().send(call);
}

function transferAll(toUserId: string): (sender: Sender) => RawCall {
  return ({ userId, requestId }) =>
    rawCalls.transfer({ requestId, fromUserId: userId, toUserId, asset: 'GOLD', amount: INT64_MAX });
}
