import { status } from '@grpc/grpc-js';
import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
import { GetItemResponse, ListItemsResponse, PutItemResponse } from '@ledger/proto/ledger/v1/catalog_service';
import {
  CreditResponse,
  GetTransactionResponse,
  ListEntriesResponse,
  PurchaseResponse,
} from '@ledger/proto/ledger/v1/ledger_service';
import { checkLedger } from '../harness/check-ledger';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawCall } from '../harness/raw-client';
import { rawCalls } from '../harness/raw-calls';
import { refusalOf } from '../harness/refusal';

/**
 * What is just within the limits, which a check that is too strict would refuse, and what is just beyond them. What is
 * stored must fit its column too, which no test of the checks alone can show.
 */

const INT64_MAX = 2n ** 63n - 1n;
const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 32 + index));
const FIRST: Timestamp = { seconds: -62_135_596_800n, nanos: 0 };
const LAST: Timestamp = { seconds: 253_402_300_799n, nanos: 999_999_999 };

const requestId = ` ${PRINTABLE}`.padEnd(128, ' ');
const word = PRINTABLE.replace(/[ @]/g, '').padEnd(128, '@');
const asset = `A${'Z0_:.-'.repeat(10)}ABC/99`;
const systemAccount = `@${'aZ0_.:-'.repeat(18)}b`;
const metadata = new Map([
  ...Array.from({ length: 12 }, (_, index): [string, string] => [
    String.fromCharCode(97 + index).repeat(64),
    'v'.repeat(256),
  ]),
  ['é'.repeat(32), '名'.repeat(85)],
  ['😀'.repeat(16), '😀'.repeat(64)],
  ['__proto__', ''],
  ['\u007f\t\n\r\u2028\ufeff', '\u0001"\\'],
]);
const credit = { requestId: 'credit', userId: 'ada', asset: 'GOLD', amount: 1n };
const annotations = { reference: requestId, description: '😀'.repeat(128), metadata };

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
});
afterAll(async () => {
  expect(await checkLedger(ledger.database)).toEqual([]);
  await ledger.dispose();
});

it('is really at the limits', () => {
  expect([requestId.length, word.length, asset.length, systemAccount.length]).toEqual([128, 128, 67, 128]);
  expect(metadata.size).toBe(16);
});

it.each([
  ['the first that there is', FIRST, FIRST],
  ['the last that there is', LAST, { ...LAST, nanos: 999_999_000 }],
  ['just before 1970', { seconds: -1n, nanos: 999_999_999 }, { seconds: -1n, nanos: 999_999_000 }],
])('a credit is kept as it was sent, whatever its time: %s', async (_when, effectiveTime, kept) => {
  const id = `${requestId}${effectiveTime.seconds}`.slice(-128);
  const request = { requestId: id, userId: word, asset, amount: 1n, source: systemAccount, ...annotations };
  const { transaction } = CreditResponse.decode(
    await succeed(rawCalls.credit({ ...request, effectiveTime })),
  );
  const { transactionId } = transaction!;
  const stored = GetTransactionResponse.decode(
    await succeed(rawCalls.getTransaction({ transactionId, userId: word })),
  );
  expect(stored.transaction).toEqual(transaction);
  expect(stored.transaction).toMatchObject({
    ...{ ...annotations, userId: word, requestId: id, effectiveTime: kept },
    entries: [
      { userId: word, asset, change: 1n },
      { userId: systemAccount, asset, change: -1n },
    ],
  });
});

it('an item is kept as it was sent, and the most of it is sold', async () => {
  const item = { itemId: word, name: '名'.repeat(42) + 'ab', asset, active: true, grantAsset: 'A' };
  const price = INT64_MAX / 1_000_000n;
  const put = rawCalls.putItem({ requestId, ...item, price, expectedVersion: 0n });
  const made = PutItemResponse.decode(await succeed(put));
  expect(made.item).toMatchObject({ ...item, price, version: 1n });
  const got = GetItemResponse.decode(await succeed(rawCalls.getItem({ itemId: word, version: 1n })));
  expect(got).toEqual(made);

  const buyer = { requestId: 'funds', userId: 'buyer', asset };
  await succeed(rawCalls.credit({ ...buyer, amount: price * 1_000_000n }));
  const subject = { $case: 'item' as const, value: { itemId: word, quantity: 1_000_000n, priceVersion: 1n } };
  const bought = rawCalls.purchase({ ...buyer, requestId, subject, destination: systemAccount });
  expect(PurchaseResponse.decode(await succeed(bought))).toMatchObject({
    transaction: { item: { itemId: word, quantity: 1_000_000n, unitPrice: price } },
    balance: { balance: 0n },
  });
});

it('a price of all that int64 holds is paid', async () => {
  const payer = { requestId: 'funds', userId: 'payer', asset: 'A' };
  await succeed(rawCalls.credit({ ...payer, amount: INT64_MAX, source: '@a' }));
  const subject = { $case: 'price' as const, value: { asset: 'A', amount: INT64_MAX, itemId: word } };
  const paid = rawCalls.purchase({ ...payer, requestId: 'pay', subject, destination: '@b' });
  expect(PurchaseResponse.decode(await succeed(paid))).toMatchObject({
    transaction: { item: { itemId: word, unitPrice: INT64_MAX, quantity: 1n, priceVersion: 0n } },
    balance: { balance: 0n, sequence: 2n },
  });
});

it('a list over all times, with as many kinds as may be named, is whole', async () => {
  const reader = { requestId: 'one', userId: 'reader', asset: 'B' };
  await succeed(rawCalls.credit({ ...reader, amount: 1n }));
  const kinds = Array.from({ length: 16 }, (_, index) => (index % 6) + 1);
  const { userId } = reader;
  const whole = rawCalls.listEntries({ userId, asset: 'B', kinds, startTime: FIRST, endTime: LAST });
  expect(ListEntriesResponse.decode(await succeed(whole)).entries).toHaveLength(1);
  const none = rawCalls.listEntries({ userId, asset: 'B', startTime: LAST, endTime: FIRST });
  expect(ListEntriesResponse.decode(await succeed(none)).entries).toEqual([]);
});

describe('what is just beyond the limits is refused:', () => {
  const late = { seconds: LAST.seconds + 1n, nanos: 0 };
  const early = { seconds: FIRST.seconds - 1n, nanos: 999_999_999 };

  it.each<[what: string, call: () => RawCall, fields: readonly string[]]>([
    [
      'text and times of a write',
      () =>
        rawCalls.credit({
          ...{ requestId: `${requestId}a`.padEnd(129), userId: `${word}a`, asset: `A${asset}`, amount: 0n },
          ...{ source: `${systemAccount}a`, reference: 'a'.repeat(129), description: 'a'.repeat(513) },
          ...{ effectiveTime: late, metadata: new Map([...metadata, ['one', 'more']]) },
        }),
      [
        ...['request_id', 'user_id', 'asset', 'amount', 'source', 'description', 'reference'],
        ...['effective_time', 'metadata'],
      ],
    ],
    [
      'a pair of metadata',
      () => rawCalls.credit({ ...credit, metadata: new Map([['k'.repeat(65), 'v'.repeat(257)]]) }),
      [`metadata["${'k'.repeat(65)}"]`, `metadata["${'k'.repeat(65)}"]`],
    ],
    [
      'an item',
      () => rawCalls.putItem({ requestId, itemId: `${word}a`, name: 'a'.repeat(129), asset: 'A', price: 0n }),
      ['item_id', 'name', 'price'],
    ],
    [
      'a quantity',
      () =>
        rawCalls.purchase({
          ...{ requestId, userId: 'ada' },
          subject: { $case: 'item', value: { itemId: 'mug', quantity: 1_000_001n } },
        }),
      ['item.quantity'],
    ],
    [
      'legs',
      () =>
        rawCalls.postTransaction({
          ...{ requestId, userId: 'user-0' },
          legs: Array.from({ length: 66 }, (_, index) => ({
            ...{ userId: `user-${index}`, asset: 'A', change: index % 2 === 0 ? 1n : -1n },
          })),
        }),
      ['legs'],
    ],
    [
      'the etag of an account',
      () =>
        rawCalls.updateAccount({
          ...{ requestId, userId: 'ada', asset: 'A', updateMask: ['frozen'], etag: 'e'.repeat(65) },
        }),
      ['etag'],
    ],
    [
      'the writes of a batch',
      () =>
        rawCalls.batchWrite({
          writes: new Array(10_001).fill({ write: { $case: 'credit', value: credit } }),
        }),
      ['writes'],
    ],
    [
      'the accounts of a batch',
      () => rawCalls.batchGetBalances({ accounts: new Array(1_001).fill({ userId: 'ada', asset: 'A' }) }),
      ['accounts'],
    ],
    [
      'a list of entries',
      () =>
        rawCalls.listEntries({
          ...{
            userId: 'ada',
            asset: 'A',
            kinds: new Array<number>(17).fill(1),
            startTime: early,
            endTime: late,
          },
          ...{ pageSize: -1, pageToken: 'a'.repeat(16_385) },
        }),
      ['start_time', 'end_time', 'kinds', 'page_size', 'page_token'],
    ],
    [
      'the states of holds',
      () => rawCalls.listHolds({ userId: 'ada', states: new Array<number>(9).fill(1) }),
      ['states'],
    ],
  ])('%s', async (_what, call, fields) => {
    const { code, reason, fields: named } = refusalOf(await ledger.raw().send(call()));
    expect({ code, reason }).toEqual({ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD' });
    expect([...named].sort()).toEqual([...fields].sort());
  });

  it.each<[what: string, call: () => RawCall, field: string]>([
    ['a request id', () => rawCalls.credit({ ...credit, requestId: 'a'.repeat(60_000) }), 'request_id'],
    ['a page token', () => rawCalls.listItems({ pageToken: 'a'.repeat(60_000) }), 'page_token'],
    [
      'a list of kinds',
      () => rawCalls.listEntries({ userId: 'ada', asset: 'A', kinds: new Array<number>(60_000).fill(1) }),
      'kinds',
    ],
    [
      'metadata',
      () =>
        rawCalls.credit({
          ...credit,
          metadata: new Map(Array.from({ length: 3_000 }, (_, index) => [`key-${index}`, 'v'])),
        }),
      'metadata',
    ],
  ])('%s that fills the request', async (_what, call, field) => {
    expect(refusalOf(await ledger.raw().send(call()))).toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', fields: [field] },
    });
  });

  it('a request that is larger than those of its method are, before it has come as a whole', async () => {
    const call = rawCalls.credit({ ...credit, requestId: 'a'.repeat(3_000_000) });
    expect(await ledger.raw().send(call)).toMatchObject({
      ...{ code: status.RESOURCE_EXHAUSTED, message: 'the request is larger than 65536 bytes' },
    });
  });
});

describe('a page', () => {
  const account = { userId: 'pages', asset: 'GOLD' };
  const ROWS = 1_002;
  const PAGE_DEFAULT = 50;
  const PAGE_MAX = 1_000;

  beforeAll(async () => {
    const credits = Array.from({ length: ROWS }, (_, index) => ({
      requestId: `credit-${index}`,
      ...account,
    }));
    await Promise.all(credits.map((credit) => succeed(rawCalls.credit({ ...credit, amount: 1n }))));
    const items = Array.from({ length: ROWS }, (_, index) => `item-${index}`);
    const item = { name: 'n', asset: 'GOLD', price: 1n, active: true };
    await Promise.all(
      items.map((itemId) => succeed(rawCalls.putItem({ requestId: `put-${itemId}`, itemId, ...item }))),
    );
  });

  it.each([
    [0, PAGE_DEFAULT],
    [1, 1],
    [999, 999],
    [PAGE_MAX, PAGE_MAX],
    [1_001, PAGE_MAX],
    [2 ** 31 - 1, PAGE_MAX],
  ])('of size %i has %i rows, and the next one goes on', async (pageSize, size) => {
    const first = ListEntriesResponse.decode(await succeed(rawCalls.listEntries({ ...account, pageSize })));
    expect(first.entries.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: size }, (_, index) => BigInt(ROWS - index)),
    );
    const next = rawCalls.listEntries({ ...account, pageToken: first.nextPageToken, pageSize: 1 });
    expect(ListEntriesResponse.decode(await succeed(next)).entries).toMatchObject([
      { sequence: BigInt(ROWS - size) },
    ]);

    const items = ListItemsResponse.decode(await succeed(rawCalls.listItems({ pageSize })));
    expect(items.items).toHaveLength(size);
    expect(items.nextPageToken).not.toBe('');
  });
});

async function succeed(call: RawCall): Promise<Buffer> {
  const answer = await ledger.raw().send(call);
  expect(answer).toMatchObject({ code: 0, message: '', replayed: undefined });
  return Buffer.from(answer.bytes, 'hex');
}
