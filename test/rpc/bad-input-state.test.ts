import { GetBalanceResponse } from '@ledger/proto/ledger/v1/ledger_service';
import { checkLedger } from '../harness/check-ledger';
import {
  accountFrozen,
  amountOverflow,
  conflict,
  expectRefused,
  insufficientFunds,
  itemInactive,
  itemNotFound,
  priceChanged,
  requestIdReused,
  transactionNotFound,
  type ExpectedRefusal,
} from '../harness/expected-refusal';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawAnswer, RawCall } from '../harness/raw-client';
import { rawCalls, purchaseByPrice, purchaseOfItem, type Sender } from '../harness/raw-calls';

const INT64_MAX = 2n ** 63n - 1n;
const NOBODY = 'ffffffff-ffff-7fff-bfff-ffffffffffff';

let ledger: LedgerUnderTest;
let requests = 0;

const { credit, putItem, getBalance, getItem, getTransaction } = rawCalls;
const mug = { name: 'Mug', asset: 'GOLD', price: 5n, active: true };

beforeAll(async () => {
  // Without grace, a price is out of date as soon as it is superseded.
  ledger = await startLedger(2, { priceGraceMs: 0 });
  await putVersions('mug', [{ price: 5n }]);
  await putVersions('hat', [{ price: 3n }, { price: 4n }]);
  await putVersions('old', [{ price: 3n }, { price: 4n, active: false }]);
  await putVersions('palace', [{ price: INT64_MAX }]);
  await give({ userId: 'ada', amount: 10n });
  await give({ userId: 'ice', amount: 10n });
  await give({ userId: 'max', amount: INT64_MAX, source: '@mint' });
  await ledger.database.query(`UPDATE ledger.accounts SET frozen = true WHERE user_id = 'ice'`);
});
afterAll(async () => {
  expect(await checkLedger(ledger.database)).toEqual([]);
  await ledger.dispose();
});

describe('a write that the state refuses', () => {
  it.each<[what: string, userId: string, call: (sender: Sender) => RawCall, expected: ExpectedRefusal]>([
    [
      'a purchase by price of more than there is',
      'ada',
      purchaseByPrice('GOLD', 11n),
      insufficientFunds('ada', 'GOLD', { balance: '10', available: '10', required: '11' }),
    ],
    [
      'a purchase of an item that costs more than there is',
      'ada',
      purchaseOfItem('mug', 3n),
      insufficientFunds('ada', 'GOLD', { balance: '10', available: '10', required: '15' }),
    ],
    [
      'a purchase with an asset that was never credited',
      'ada',
      purchaseByPrice('SILVER', 1n),
      insufficientFunds('ada', 'SILVER', { balance: '0', available: '0', required: '1' }),
    ],
    [
      'a purchase of an item that is not there',
      'ada',
      purchaseOfItem('cap'),
      itemNotFound({ item_id: 'cap' }),
    ],
    [
      'a purchase of a version that is not there yet',
      'ada',
      purchaseOfItem('mug', 1n, 2n),
      itemNotFound({ item_id: 'mug', version: '2' }),
    ],
    [
      'a purchase of the last version that int64 has',
      'ada',
      purchaseOfItem('mug', 1n, INT64_MAX),
      itemNotFound({ item_id: 'mug', version: INT64_MAX.toString() }),
    ],
    ['a purchase of an item that is not sold', 'ada', purchaseOfItem('old'), itemInactive('old', '2')],
    [
      'a purchase at a price that is out of date',
      'ada',
      purchaseOfItem('hat', 1n, 1n),
      priceChanged('hat', '4', 'GOLD'),
    ],
    ['a purchase by a frozen account', 'ice', purchaseByPrice('GOLD', 1n), accountFrozen('ice', 'GOLD')],
    [
      'a credit beyond int64',
      'max',
      (sender) => credit({ ...sender, asset: 'GOLD', amount: 1n }),
      amountOverflow({ user_id: 'max', asset: 'GOLD', balance: INT64_MAX.toString(), change: '1' }),
    ],
    [
      'a purchase whose total is beyond int64',
      'ada',
      purchaseOfItem('palace', 2n),
      amountOverflow({ item_id: 'palace', price: INT64_MAX.toString(), quantity: '2' }),
    ],
    [
      'a new version of an item, after another than the current one',
      'ada',
      ({ requestId }) => putItem({ ...mug, requestId, itemId: 'mug', expectedVersion: 7n }),
      conflict({ item_id: 'mug', expected: '7', current: '1' }),
    ],
    [
      'a new version of an item that is not there, after one',
      'ada',
      ({ requestId }) => putItem({ ...mug, requestId, itemId: 'cap', expectedVersion: 1n }),
      conflict({ item_id: 'cap', expected: '1', current: '0' }),
    ],
  ])('is %s', async (_what, userId, callOf, expected) => {
    const before = await movements();
    const call = callOf({ userId, requestId: nextRequestId() });

    const answer = await send(call);
    expectRefused(answer, expected);
    expect(await movements()).toEqual(before);
    // It is the outcome of its request for ever.
    expect(await send(call)).toEqual({ ...answer, replayed: 'true' });
  });

  it('is one that uses a request id for something else, which is not stored', async () => {
    const requestId = nextRequestId();
    await give({ userId: 'eve', requestId, amount: 1n });
    const expected = requestIdReused('eve', requestId);
    expectRefused(await send(credit({ userId: 'eve', requestId, asset: 'GOLD', amount: 2n })), expected);
    expectRefused(await send(purchaseByPrice('GOLD', 1n)({ userId: 'eve', requestId })), expected);
    const again = await send(credit({ userId: 'eve', requestId, asset: 'GOLD', amount: 1n }));
    expect(again).toMatchObject({ code: 0, replayed: 'true' });
  });
});

describe('a read', () => {
  it.each<[what: string, call: () => RawCall, expected: ExpectedRefusal]>([
    ['of an unknown item', () => getItem({ itemId: 'cap' }), itemNotFound({ item_id: 'cap' })],
    [
      'of an unknown version of an item',
      () => getItem({ itemId: 'mug', version: 2n }),
      itemNotFound({ item_id: 'mug', version: '2' }),
    ],
    [
      'of the last version that int64 has',
      () => getItem({ itemId: 'mug', version: INT64_MAX }),
      itemNotFound({ item_id: 'mug', version: INT64_MAX.toString() }),
    ],
    [
      'of an unknown transaction',
      () => getTransaction({ transactionId: NOBODY }),
      transactionNotFound(NOBODY),
    ],
    [
      'of an unknown transaction, in capitals',
      () => getTransaction({ transactionId: NOBODY.toUpperCase() }),
      transactionNotFound(NOBODY),
    ],
  ])('%s finds nothing', async (_what, call, expected) => {
    expectRefused(await send(call()), expected);
  });

  it('of a transaction finds it for its owner, or for nobody in particular, and not for another', async () => {
    const { transaction } = await ledger.client().credit({ userId: 'ann', asset: 'GOLD', amount: 1n });
    const { transactionId } = transaction;
    for (const userId of ['ann', '']) {
      expect(await send(getTransaction({ transactionId, userId }))).toMatchObject({ code: 0 });
    }
    for (const userId of ['ada', 'Ann', 'nobody']) {
      const answer = await send(getTransaction({ transactionId, userId }));
      expectRefused(answer, transactionNotFound(transactionId));
    }
  });

  it('of an account that was never written is zero, and of one at the limit exact', async () => {
    expect(await balanceOf('nobody')).toMatchObject({ balance: 0n, available: 0n, sequence: 0n });
    expect(await balanceOf('max')).toMatchObject({ balance: INT64_MAX, available: INT64_MAX, sequence: 1n });
  });
});

async function balanceOf(userId: string): Promise<GetBalanceResponse['balance']> {
  const { bytes } = await send(getBalance({ userId, asset: 'GOLD' }));
  return GetBalanceResponse.decode(Buffer.from(bytes, 'hex')).balance;
}

async function movements(): Promise<object | undefined> {
  const [counts] = await ledger.database.query(
    `SELECT (SELECT count(*) FROM ledger.transactions) AS transactions,
            (SELECT count(*) FROM ledger.entries) AS entries,
            (SELECT count(*) FROM ledger.item_versions) AS versions,
            (SELECT string_agg(user_id || balance, ',' ORDER BY user_id, asset, stripe) FROM ledger.accounts)
              AS balances`,
  );
  return counts;
}

type Credit = Parameters<typeof credit>[0];

function give(request: Credit, turn = 0): Promise<void> {
  return book(credit({ requestId: nextRequestId(), asset: 'GOLD', ...request }), turn);
}

async function putVersions(
  itemId: string,
  versions: readonly { price: bigint; active?: boolean }[],
): Promise<void> {
  for (const version of versions)
    await book(putItem({ ...mug, ...version, requestId: nextRequestId(), itemId }));
}

async function book(call: RawCall, turn = 0): Promise<void> {
  expect(await ledger.raw(turn).send(call)).toMatchObject({ code: 0, replayed: undefined });
}

/** Without digits, so that the numbers of messages stand out. */
function nextRequestId(): string {
  requests += 1;
  return `request-${String.fromCharCode(...[...requests.toString()].map((digit) => 97 + Number(digit)))}`;
}

function send(call: RawCall): Promise<RawAnswer> {
  return ledger.raw().send(call);
}
