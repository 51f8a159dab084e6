import type { ServiceDefinition } from '@grpc/grpc-js';
import { AccountServiceService } from '@ledger/proto/ledger/v1/account_service';
import { CatalogServiceService } from '@ledger/proto/ledger/v1/catalog_service';
import { LedgerServiceService, type BatchWriteItem } from '@ledger/proto/ledger/v1/ledger_service';
import { CreditRequest, TransferRequest } from '@ledger/proto/ledger/v1/ledger_service';
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

const id = '0193e2a0-0000-7000-8000-000000000001';
const write = { requestId: 'request-1', userId: 'ada' };
const account = { userId: 'ada', asset: 'GOLD' };
const leg = (userId: string, change: bigint, more: object = {}) => ({
  ...{ userId, asset: 'GOLD', change, expectedSequence: undefined },
  ...more,
});
const good = [leg('ada', -1n), leg('bob', 1n)];

const transfer = { requestId: 'request-1', fromUserId: 'ada', toUserId: 'bob', asset: 'GOLD', amount: 1n };
const credit = (fields: Partial<CreditRequest>): BatchWriteItem => ({
  write: {
    $case: 'credit',
    value: CreditRequest.fromPartial({ ...write, ...account, amount: 1n, ...fields }),
  },
});
const tokens: flawed.Flaws<string> = [['1,025 characters', 'a'.repeat(1025)]];

describe.each<[rpc: string, rows: Row[]]>([
  [
    'Transfer',
    [
      ...rows('request_id', flawed.flawedRequestIds, (requestId) =>
        rawCalls.transfer({ ...transfer, requestId }),
      ),
      ...rows('from_user_id', flawed.flawedUsers, (fromUserId) =>
        rawCalls.transfer({ ...transfer, fromUserId }),
      ),
      ...rows('to_user_id', flawed.flawedUsers, (toUserId) => rawCalls.transfer({ ...transfer, toUserId })),
      ...rows('to_user_id', [['the sender', 'ada']], (toUserId) =>
        rawCalls.transfer({ ...transfer, toUserId }),
      ),
      ...rows('asset', flawed.flawedAssets, (asset) => rawCalls.transfer({ ...transfer, asset })),
      ...rows('amount', flawed.flawedAmounts, (amount) => rawCalls.transfer({ ...transfer, amount })),
    ],
  ],
  [
    'PostTransaction',
    [
      ...rows(
        'legs',
        [
          ['none', 0],
          ['66', 66],
        ],
        (count) => rawCalls.postTransaction({ ...write, legs: count === 0 ? [] : manyLegs(66) }),
      ),
      ...rows(
        'legs',
        [
          ['that do not sum to zero', 2n],
          ['that pass int64', 2n ** 63n - 1n],
        ],
        (change) => rawCalls.postTransaction({ ...write, legs: [leg('ada', -1n), leg('bob', change)] }),
      ),
      ...rows('legs', [['of two assets that sum to zero together', 'USD']], (asset) =>
        rawCalls.postTransaction({ ...write, legs: [leg('ada', -1n), leg('bob', 1n, { asset })] }),
      ),
      ...rows('legs', [['two of one account', 'bob']], (userId) =>
        rawCalls.postTransaction({ ...write, legs: [leg('ada', -3n), leg('bob', 1n), leg(userId, 2n)] }),
      ),
      ...rows('user_id', [['not among the legs', 'eve']], (userId) =>
        rawCalls.postTransaction({ ...write, userId, legs: good }),
      ),
      ...rows('legs[1].user_id', flawed.flawedAccounts, (userId) =>
        rawCalls.postTransaction({ ...write, legs: [leg('ada', -1n), leg(userId, 1n)] }),
      ),
      ...rows('legs[0].expected_sequence', flawed.flawedVersions, (expectedSequence) =>
        rawCalls.postTransaction({ ...write, legs: [leg('ada', -1n, { expectedSequence }), leg('bob', 1n)] }),
      ),
      ...rows('legs[1].expected_sequence', [['of a system account', 0n]], (expectedSequence) =>
        rawCalls.postTransaction({
          ...write,
          legs: [leg('ada', -1n), leg('@bank', 1n, { expectedSequence })],
        }),
      ),
      ...rows('legs[2].change', [['zero', 0n]], (change) =>
        rawCalls.postTransaction({ ...write, legs: [...good, leg('eve', change)] }),
      ),
    ],
  ],
  [
    'ReverseTransaction',
    [
      ...rows('transaction_id', flawed.flawedUuids, (transactionId) =>
        rawCalls.reverseTransaction({ ...write, transactionId }),
      ),
      ...rows('amount', flawed.flawedVersions, (amount) =>
        rawCalls.reverseTransaction({ ...write, transactionId: id, amount }),
      ),
      ...rows('description', flawed.flawedDescriptions, (description) =>
        rawCalls.reverseTransaction({ ...write, transactionId: id, description }),
      ),
    ],
  ],
  [
    'PlaceHold, CaptureHold and ReleaseHold',
    [
      ...rows('amount', flawed.flawedAmounts, (amount) =>
        rawCalls.placeHold({ ...write, ...account, amount }),
      ),
      ...rows('expire_time', flawed.flawedTimes, (expireTime) =>
        rawCalls.placeHold({ ...write, ...account, amount: 1n, expireTime }),
      ),
      ...rows('destination', flawed.flawedSystemAccounts, (destination) =>
        rawCalls.placeHold({ ...write, ...account, amount: 1n, destination }),
      ),
      ...rows('hold_id', flawed.flawedUuids, (holdId) => rawCalls.captureHold({ ...write, holdId })),
      ...rows('amount', flawed.flawedVersions, (amount) =>
        rawCalls.captureHold({ ...write, holdId: id, amount }),
      ),
      ...rows('hold_id', flawed.flawedUuids, (holdId) => rawCalls.releaseHold({ ...write, holdId })),
      ...rows('user_id', flawed.flawedUsers, (userId) =>
        rawCalls.releaseHold({ ...write, userId, holdId: id }),
      ),
    ],
  ],
  [
    'BatchWrite',
    [
      ['writes', 'none', () => rawCalls.batchWrite({ writes: [] })],
      [
        'writes',
        '10,001',
        () => rawCalls.batchWrite({ writes: new Array<BatchWriteItem>(10_001).fill(credit({})) }),
      ],
      [
        'request_id',
        'missing in an atomic batch',
        () => rawCalls.batchWrite({ writes: [credit({})], atomic: true }),
      ],
      [
        'writes[1].write',
        'missing',
        () => rawCalls.batchWrite({ writes: [credit({}), { write: undefined }] }),
      ],
      [
        'writes[3].credit.amount',
        'zero',
        () => rawCalls.batchWrite({ writes: [credit({}), credit({}), credit({}), credit({ amount: 0n })] }),
      ],
      [
        'writes[0].transfer.to_user_id',
        'the sender',
        () => {
          const value = TransferRequest.fromPartial({ ...transfer, toUserId: 'ada' });
          return rawCalls.batchWrite({ writes: [{ write: { $case: 'transfer', value } }] });
        },
      ],
    ],
  ],
  [
    'BatchGetBalances and ListBalances',
    [
      ['accounts', 'none', () => rawCalls.batchGetBalances({})],
      ['accounts', '1,001', () => rawCalls.batchGetBalances({ accounts: new Array(1_001).fill(account) })],
      ...rows('accounts[1].user_id', flawed.flawedAccounts, (userId) =>
        rawCalls.batchGetBalances({ accounts: [account, { ...account, userId }] }),
      ),
      ...rows('as_of_time', flawed.flawedTimes, (asOfTime) =>
        rawCalls.batchGetBalances({ accounts: [account], asOfTime }),
      ),
      ...rows('as_of_time', flawed.flawedTimes, (asOfTime) =>
        rawCalls.listBalances({ userId: 'ada', asOfTime }),
      ),
      ...rows('user_id', flawed.flawedAccounts, (userId) => rawCalls.listBalances({ userId })),
      ...rows('page_size', flawed.flawedPageSizes, (pageSize) =>
        rawCalls.listBalances({ userId: 'ada', pageSize }),
      ),
    ],
  ],
  [
    'ListTransactions',
    [
      ['user_id', 'missing as the reference is', () => rawCalls.listTransactions({})],
      ...rows('user_id', flawed.flawedUsers.slice(1), (userId) => rawCalls.listTransactions({ userId })),
      ...rows('reference', flawed.flawedReferences, (reference) => rawCalls.listTransactions({ reference })),
      ...rows('start_time', flawed.flawedTimes, (startTime) =>
        rawCalls.listTransactions({ userId: 'ada', startTime }),
      ),
      ...rows('end_time', flawed.flawedTimes, (endTime) =>
        rawCalls.listTransactions({ userId: 'ada', endTime }),
      ),
      ...rows(
        'kinds[1]',
        [
          ['unknown', 7],
          ['never stored', 0],
        ],
        (kind) => rawCalls.listTransactions({ userId: 'ada', kinds: [1, kind] }),
      ),
      ...rows('order', [['unknown', 3]], (order) => rawCalls.listTransactions({ userId: 'ada', order })),
    ],
  ],
  [
    'GetRequest, GetHold and ListHolds',
    [
      ...rows('user_id', flawed.flawedWords, (userId) => rawCalls.getRequest({ userId, requestId: 'r' })),
      ...rows('request_id', flawed.flawedRequestIds, (requestId) =>
        rawCalls.getRequest({ userId: 'ada', requestId }),
      ),
      ...rows('hold_id', flawed.flawedUuids, (holdId) => rawCalls.getHold({ userId: 'ada', holdId })),
      ...rows('user_id', flawed.flawedUsers, (userId) => rawCalls.listHolds({ userId })),
      ...rows('asset', flawed.flawedOptionalAssets, (asset) => rawCalls.listHolds({ userId: 'ada', asset })),
      ...rows(
        'states[0]',
        [
          ['unknown', 5],
          ['never stored', 0],
        ],
        (state) => rawCalls.listHolds({ userId: 'ada', states: [state] }),
      ),
      ...rows('states', [['nine', 9]], (count) =>
        rawCalls.listHolds({ userId: 'ada', states: new Array<number>(count).fill(1) }),
      ),
      ...rows('page_token', tokens, (pageToken) => rawCalls.listHolds({ userId: 'ada', pageToken })),
    ],
  ],
  [
    'ListItemVersions, GetAccount, ListAccounts and UpdateAccount',
    [
      ...rows('item_id', flawed.flawedWords, (itemId) => rawCalls.listItemVersions({ itemId })),
      ...rows('user_id', flawed.flawedAccounts, (userId) => rawCalls.getAccount({ ...account, userId })),
      ...rows('asset', flawed.flawedAssets, (asset) => rawCalls.getAccount({ ...account, asset })),
      ...rows('user_id', flawed.flawedAccounts, (userId) => rawCalls.listAccounts({ userId })),
      ...rows('user_id', flawed.flawedUsers, (userId) =>
        rawCalls.updateAccount({ ...write, ...account, userId, updateMask: ['frozen'] }),
      ),
      ...rows<string[] | undefined>(
        'update_mask',
        [
          ['missing', undefined],
          ['empty', []],
          ['unknown', ['balance']],
          ['a field and an unknown one', ['frozen', 'etag']],
        ],
        (updateMask) => rawCalls.updateAccount({ ...write, ...account, updateMask }),
      ),
      ...rows('etag', [['65 characters', 'e'.repeat(65)]], (etag) =>
        rawCalls.updateAccount({ ...write, ...account, updateMask: ['frozen'], etag }),
      ),
      ...flawed.flawedMetadata.map(([flaw, metadata, path]): Row => [
        path,
        flaw,
        () =>
          rawCalls.updateAccount({
            ...write,
            ...account,
            updateMask: ['frozen'],
            metadata: new Map(metadata),
          }),
      ]),
    ],
  ],
])('%s', (_rpc, malformed) => {
  it.each(malformed)('refuses %s: %s', async (field, _flaw, call) => {
    const refusal = refusalOf(await ledger.raw().send(call()));
    expect(refusal).toMatchObject({
      ...{ code: 'INVALID_ARGUMENT', reason: 'INVALID_FIELD', domain: 'ledger.v1' },
      ...{ metadata: { field }, details: ['ErrorInfo', 'BadRequest'] },
      message: expect.stringContaining(`${field} `),
    });
    // More than once when more than one asset is out of balance.
    expect([...new Set(refusal.fields)]).toEqual([field]);
  });
});

describe('of two faults', () => {
  it.each<[first: string, second: string, reason: string, call: () => RawCall]>([
    [
      'a malformed amount',
      'an unknown transaction',
      'INVALID_FIELD',
      () => rawCalls.reverseTransaction({ ...write, transactionId: id, amount: -1n }),
    ],
    [
      'an unknown transaction',
      'an amount that is too much',
      'TRANSACTION_NOT_FOUND',
      () => rawCalls.reverseTransaction({ ...write, requestId: 'reverse', transactionId: id, amount: 9n }),
    ],
    [
      'an unknown hold',
      'an amount that is too much',
      'HOLD_NOT_FOUND',
      () => rawCalls.captureHold({ ...write, requestId: 'capture', holdId: id, amount: 9n }),
    ],
    [
      'a stale sequence',
      'not enough',
      'CONFLICT',
      () =>
        rawCalls.postTransaction({
          ...{ ...write, requestId: 'post' },
          legs: [leg('ada', -9n, { expectedSequence: 7n }), leg('bob', 9n)],
        }),
    ],
    [
      'a stale etag',
      'a minimum above what is available',
      'CONFLICT',
      () =>
        rawCalls.updateAccount({
          ...{ ...write, ...account, requestId: 'update', etag: 'stale' },
          ...{ minBalance: 9n, updateMask: ['min_balance'] },
        }),
    ],
  ])('%s comes before %s', async (_first, _second, reason, call) => {
    expect(refusalOf(await ledger.raw().send(call())).reason).toBe(reason);
  });
});

it('serves every rpc of the contract that is no stream', async () => {
  const services = [
    LedgerServiceService,
    CatalogServiceService,
    AccountServiceService,
  ] as ServiceDefinition[];
  const unary = services.flatMap((service) => Object.values(service)).filter((rpc) => !rpc.responseStream);
  for (const { path } of unary) {
    const { code } = refusalOf(await ledger.raw().send({ path, bytes: Buffer.alloc(0) }));
    // An empty request is refused everywhere but where nothing is required.
    expect([path, code]).toEqual([path, path.endsWith('/ListItems') ? 'OK' : 'INVALID_ARGUMENT']);
  }
});

function manyLegs(count: number): typeof good {
  return Array.from({ length: count }, (_, index) =>
    leg(index === 0 ? 'ada' : `user-${index}`, index % 2 === 0 ? 1n : -1n),
  );
}

function rows<T>(field: string, flaws: flawed.Flaws<T>, callOf: (value: T) => RawCall): Row[] {
  return flaws.map(([flaw, value]) => [field, flaw, () => callOf(value)]);
}
