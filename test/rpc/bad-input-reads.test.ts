import type { Timestamp } from '@ledger/proto/google/protobuf/timestamp';
import { ListItemsResponse } from '@ledger/proto/ledger/v1/catalog_service';
import { ListEntriesResponse } from '@ledger/proto/ledger/v1/ledger_service';
import * as flawed from '../model/invalid-values';
import { startLedger, type LedgerUnderTest } from '../harness/ledger-under-test';
import type { RawCall } from '../harness/raw-client';
import { refusalOf } from '../harness/refusal';
import { rawCalls } from '../harness/raw-calls';

type Row = readonly [field: string, flaw: string, call: () => RawCall];

let ledger: LedgerUnderTest;

beforeAll(async () => {
  ledger = await startLedger(1);
});
afterAll(() => ledger.dispose());

const flawedPageTokens: flawed.Flaws<string> = [
  ['1,025 characters', 'a'.repeat(1025)],
  ['a million characters', 'a'.repeat(1_000_000)],
];
const flawedKinds: readonly (readonly [flaw: string, field: string, kinds: number[]])[] = [
  ['none that is stored', 'kinds[0]', [0]],
  ['a number that the enum does not define', 'kinds[1]', [1, 7]],
  ['a negative number', 'kinds[0]', [-1]],
  ['17 kinds', 'kinds', new Array<number>(17).fill(1)],
  ['a million kinds', 'kinds', new Array<number>(1_000_000).fill(1)],
];
const flawedOrders: flawed.Flaws<number> = [
  ['a number that the enum does not define', 3],
  ['a negative number', -1],
];

const account = { userId: 'ada', asset: 'GOLD' };
const { getBalance, listEntries, getTransaction, getItem, listItems } = rawCalls;
const asOfTime = (value: Timestamp): RawCall =>
  getBalance({ ...account, asOf: { $case: 'asOfTime', value } });
const asOfSequence = (userId: string, value: bigint): RawCall =>
  getBalance({ ...account, userId, asOf: { $case: 'asOfSequence', value } });

describe.each<[rpc: string, rows: Row[]]>([
  [
    'GetBalance',
    [
      ...rows('user_id', flawed.flawedAccounts, (userId) => getBalance({ ...account, userId })),
      ...rows('asset', flawed.flawedAssets, (asset) => getBalance({ ...account, asset })),
      ...rows('as_of_time', flawed.flawedTimes, asOfTime),
      ...rows('as_of_sequence', flawed.flawedVersions, (value) => asOfSequence('ada', value)),
      ...rows('as_of_sequence', [['of a system account', 1n]], (value) => asOfSequence('@issuance', value)),
    ],
  ],
  [
    'ListEntries',
    [
      ...rows('user_id', flawed.flawedAccounts, (userId) => listEntries({ ...account, userId })),
      ...rows('asset', flawed.flawedAssets, (asset) => listEntries({ ...account, asset })),
      ...rows('page_size', flawed.flawedPageSizes, (pageSize) => listEntries({ ...account, pageSize })),
      ...rows('page_token', flawedPageTokens, (pageToken) => listEntries({ ...account, pageToken })),
      ...rows('start_time', flawed.flawedTimes, (startTime) => listEntries({ ...account, startTime })),
      ...rows('end_time', flawed.flawedTimes, (endTime) => listEntries({ ...account, endTime })),
      ...rows('order', flawedOrders, (order) => listEntries({ ...account, order })),
      ...flawedKinds.map(([flaw, field, kinds]): Row => [
        field,
        flaw,
        () => listEntries({ ...account, kinds }),
      ]),
    ],
  ],
  [
    'GetTransaction',
    [
      ...rows('transaction_id', flawed.flawedUuids, (transactionId) => getTransaction({ transactionId })),
      ...rows('user_id', flawed.flawedUsers.slice(1), (userId) =>
        getTransaction({ transactionId: '0193e2a0-0000-7000-8000-000000000001', userId }),
      ),
    ],
  ],
  [
    'GetItem',
    [
      ...rows('item_id', flawed.flawedWords, (itemId) => getItem({ itemId })),
      ...rows('version', flawed.flawedVersions, (version) => getItem({ itemId: 'mug', version })),
    ],
  ],
  [
    'ListItems',
    [
      ...rows('page_size', flawed.flawedPageSizes, (pageSize) => listItems({ pageSize })),
      ...rows('page_token', flawedPageTokens, (pageToken) => listItems({ pageToken })),
    ],
  ],
])('%s', (_rpc, malformed) => {
  it.each(malformed)('refuses %s: %s', async (field, _flaw, call) => {
    expect(refusalOf(await ledger.raw().send(call()))).toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'ledger.v1' },
      ...{ fields: [field], metadata: { field }, details: ['ErrorInfo', 'BadRequest'] },
      message: expect.stringContaining(`${field} `),
    });
  });
});

it('is told all of several faults at once', async () => {
  const numbers: { order: number; kinds: number[] } = { order: 9, kinds: [0, 1, 99] };
  const answer = await ledger.raw().send(
    listEntries({
      ...{ ...numbers, pageSize: -1, pageToken: 'a'.repeat(1025) },
      startTime: { seconds: 0n, nanos: -1 },
    }),
  );
  expect([...refusalOf(answer).fields].sort()).toEqual([
    ...['asset', 'kinds[0]', 'kinds[2]', 'order', 'page_size', 'page_token', 'start_time', 'user_id'],
  ]);
});

describe('a page', () => {
  const ROWS = 1_002;
  const PAGE_DEFAULT = 50;
  const PAGE_MOST = 1_000;

  beforeAll(async () => {
    const credits = Array.from({ length: ROWS }, (_, index) => ({
      requestId: `credit-${index}`,
      ...account,
    }));
    await Promise.all(credits.map((credit) => book(rawCalls.credit({ ...credit, amount: 1n }))));
    const items = Array.from({ length: ROWS }, (_, index) => `item-${index}`);
    const item = { name: 'n', asset: 'GOLD', price: 1n, active: true };
    await Promise.all(
      items.map((itemId) => book(rawCalls.putItem({ requestId: `put-${itemId}`, itemId, ...item }))),
    );
  });

  it.each([
    [0, PAGE_DEFAULT],
    [1, 1],
    [999, 999],
    [PAGE_MOST, PAGE_MOST],
    [1_001, PAGE_MOST],
    [2 ** 31 - 1, PAGE_MOST],
  ])('of size %i has %i rows, and the next one goes on', async (pageSize, size) => {
    const first = ListEntriesResponse.decode(await book(listEntries({ ...account, pageSize })));
    expect(first.entries.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: size }, (_, index) => BigInt(ROWS - index)),
    );
    const next = listEntries({ ...account, pageToken: first.nextPageToken, pageSize: 1 });
    expect(ListEntriesResponse.decode(await book(next)).entries).toMatchObject([
      { sequence: BigInt(ROWS - size) },
    ]);

    const items = ListItemsResponse.decode(await book(listItems({ pageSize })));
    expect(items.items).toHaveLength(size);
    expect(items.nextPageToken).not.toBe('');
  });
});

function rows<T>(field: string, flaws: flawed.Flaws<T>, callOf: (value: T) => RawCall): Row[] {
  return flaws.map(([flaw, value]) => [field, flaw, () => callOf(value)]);
}

async function book(call: RawCall): Promise<Buffer> {
  const answer = await ledger.raw().send(call);
  expect(answer.code).toBe(0);
  return Buffer.from(answer.bytes, 'hex');
}
